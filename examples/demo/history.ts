import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a process notes of itself while it runs. Times are milliseconds of the machine's monotonic clock. */
export type HistoryEvent =
  | { readonly event: 'started'; readonly pid: number }
  /** It asks for the lock from now on. */
  | { readonly event: 'requested' }
  /** It has the lock; the lease ends at `deadlineMs` unless it is extended. */
  | { readonly event: 'acquired'; readonly fencingToken: number; readonly deadlineMs: number }
  | { readonly event: 'extended'; readonly deadlineMs: number }
  | { readonly event: 'read'; readonly value: number }
  /** It has replaced the value that it had read. */
  | { readonly event: 'wrote'; readonly read: number; readonly value: number }
  /** It acts under the lock no more, and gives it back from now on. */
  | { readonly event: 'releasing' }
  /** Its lease has ended without a release, and it knows. */
  | { readonly event: 'lost' }
  /** Noted by whoever killed it. */
  | { readonly event: 'killed' };

export type HistoryRecord = HistoryEvent & { readonly process: string; readonly atMs: number };

/** Now, on a clock that all processes of this machine share and that nobody sets. */
export function clockMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** Notes what happens to one process, one JSON text a line. */
export class HistoryWriter {
  readonly #path: string;
  readonly #process: string;

  constructor(path: string, processName: string) {
    this.#path = path;
    this.#process = processName;
  }

  record(event: HistoryEvent): void {
    const record: HistoryRecord = { process: this.#process, atMs: clockMs(), ...event };
    // Not buffered: what was noted has to outlive a SIGKILL that comes right after it.
    appendFileSync(this.#path, `${JSON.stringify(record)}\n`);
  }
}

/** Everything noted in this folder, in the order in which it happened. */
export function readHistory(directory: string): HistoryRecord[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.jsonl'))
    .flatMap((file) => readFileSync(join(directory, file), 'utf8').trimEnd().split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as HistoryRecord)
    .sort((a, b) => a.atMs - b.atMs);
}
