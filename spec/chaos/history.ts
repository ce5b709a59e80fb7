import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StateLeft } from '../support/state-left.js';
import type { FaultKind } from './fault-kinds.js';

/** One acquire of one process, from the call on. */
interface OfRequest {
  readonly request: string;
}

interface OfLease extends OfRequest {
  readonly token: number;
}

/** One watch of one name. */
interface OfWatch {
  readonly watch: string;
}

/** What a watch has told of a lease. */
interface Told {
  readonly event: 'told';
  readonly what: 'acquired' | 'released' | 'expired' | 'lost';
  readonly owner: string;
  readonly token: number;
  readonly mode: 'exclusive' | 'shared' | 'semaphore';
  readonly want: number;
  /** Why it was lost; `null` otherwise. */
  readonly reason: string | null;
}

/** What a lock-taking process notes of itself. */
export type TakerEvent =
  | { readonly event: 'started'; readonly pid: number }
  | (OfRequest & {
      readonly event: 'requested';
      readonly names: readonly string[];
      /** So much of each name; 1 of 1 is exclusive. */
      readonly want: number;
      /** As much as those who hold a name may have together; `null`: any. */
      readonly limit: number | null;
      readonly ttlMs: number;
      /** `null`: the library's default. */
      readonly waitTimeoutMs: number | null;
      readonly abortAfterMs: number | null;
      readonly autoRenew: boolean;
      /** Taken from whoever holds it. */
      readonly isSteal: boolean;
      /** For at least so long from its grant nobody else gets it, even if it is released earlier. */
      readonly minHoldMs: number;
      /** How long its process may keep the lease after the release, and take it again without the server. Default 0. */
      readonly lingerMs?: number;
      /** Of a lease that another process has handed on: the request that it was granted to; else `null`. */
      readonly adopts: string | null;
      /** Made when all faults are over: it has to be granted. */
      readonly isFinal: boolean;
    })
  | (OfRequest & { readonly event: 'waiting'; readonly position: number })
  /** At `atMs` the lease had at least `remainingMs` left, as the library says; below 0 it has been over for so long. */
  | (OfLease & { readonly event: 'granted'; readonly remainingMs: number })
  | (OfLease & { readonly event: 'renewed'; readonly remainingMs: number })
  | (OfLease & { readonly event: 'section-entered' })
  | (OfLease & { readonly event: 'section-left' })
  | (OfLease & { readonly event: 'signal-aborted'; readonly reason: string })
  | (OfLease & { readonly event: 'releasing' })
  /** `result`: what `release` resolved to, or the code it rejected with. */
  | (OfLease & { readonly event: 'released'; readonly result: boolean | string })
  /** Its text is asked for, by which another process can go on with it. */
  | (OfLease & { readonly event: 'handing-on' })
  /** `result`: `true`, or the code it rejected with. */
  | (OfLease & { readonly event: 'handed-on'; readonly result: true | string })
  | (OfRequest & { readonly event: 'rejected'; readonly code: string; readonly message: string })
  /** Of this name alone, or of all: then what is told of this one is noted. */
  | (OfWatch & { readonly event: 'watch-asked'; readonly name: string; readonly isOfAll?: boolean })
  /** From here on everything that happens to the name is told. */
  | (OfWatch & { readonly event: 'watching'; readonly name: string })
  | (OfWatch & Told)
  /** Something may have been missed before. */
  | (OfWatch & { readonly event: 'watch-resumed' })
  | (OfWatch & { readonly event: 'watch-failed'; readonly code: string; readonly message: string })
  | (OfWatch & { readonly event: 'watch-closed' })
  /** The event loop did not turn in that time: the process was stopped, or had no processor. */
  | { readonly event: 'stalled'; readonly fromMs: number; readonly toMs: number }
  | { readonly event: 'drained' };

/**
 * `guarded`: remembers the newest token of each name, and refuses older ones. `fenced`: lives in the server, and asks its
 * `lock_fence`. `unguarded`: takes every write.
 */
export type ResourceKind = 'guarded' | 'fenced' | 'unguarded';

/** What the harness notes: faults, the resource that the locks protect, how processes ended. */
export type HarnessEvent =
  | {
      readonly event: 'fault-began';
      readonly fault: number;
      readonly kind: FaultKind;
      /** The process that it is done to; absent when it concerns all. */
      readonly target?: string | undefined;
      readonly detail?: string | undefined;
      /** What the server took in since then may be forgotten. */
      readonly lostSinceMs?: number | undefined;
    }
  | { readonly event: 'fault-ended'; readonly fault: number }
  | {
      readonly event: 'wrote';
      readonly resource: ResourceKind;
      readonly by: string;
      readonly name: string;
      readonly token: number;
      readonly isAccepted: boolean;
    }
  /** `isExpected`: killed by us, or told to end. */
  | {
      readonly event: 'exited';
      readonly target: string;
      readonly end: number | string;
      readonly isExpected: boolean;
    }
  /** How many nodes the takers are told of. */
  | { readonly event: 'served-by'; readonly nodes: number }
  | { readonly event: 'faults-over' }
  /** A node went on without a change that others may have made, after `sinceMs`: what follows is not judged. */
  | { readonly event: 'nodes-differ'; readonly node: number; readonly why: string; readonly sinceMs: number }
  | { readonly event: 'state-left'; readonly left: StateLeft }
  /** No node would say what is left. */
  | { readonly event: 'state-unread'; readonly message: string };

export type HistoryRecord = (TakerEvent | HarnessEvent) & { readonly process: string; readonly atMs: number };
export type EventName = HistoryRecord['event'];
export type RecordOf<Name extends EventName> = Extract<HistoryRecord, { readonly event: Name }>;

/** The process that notes the faults. */
export const HARNESS = 'harness';

/** Now, on a clock that all processes of this machine share and that nobody sets, in milliseconds. */
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

  record(event: TakerEvent | HarnessEvent, atMs: number = clockMs()): void {
    // Not buffered: what was noted has to outlive a SIGKILL that comes right after it.
    appendFileSync(this.#path, `${JSON.stringify({ process: this.#process, atMs, ...event })}\n`);
  }
}

/** Everything noted in this folder, in the order in which it happened. */
export function readHistory(directory: string): HistoryRecord[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.jsonl'))
    .flatMap((file) => readRecords(readFileSync(join(directory, file), 'utf8')))
    .sort((a, b) => a.atMs - b.atMs);
}

function readRecords(text: string): HistoryRecord[] {
  const lines = text.split('\n');
  // Either empty, or what a process was writing when it was killed.
  lines.pop();
  return lines.map((line) => JSON.parse(line) as HistoryRecord);
}
