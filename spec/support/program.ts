import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { inTime } from './in-time.js';

/** How a program ended: its exit code, or the signal that ended it. */
export type ProgramEnd = number | string;

/** A TypeScript program of this repository in a process of its own, with what it prints. */
export class Program implements AsyncDisposable {
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #output = '';
  #errors = '';

  /** @param env over this process's; `undefined` takes a variable away */
  constructor(
    path: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string | undefined>> = {},
  ) {
    const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
      cwd: join(__dirname, '../..'),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      for (const look of this.#watchers) look();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    this.ended = new Promise((resolve) => {
      // `close`, not `exit`: all that was printed has arrived.
      child.once('close', (code, signal) => resolve(signal ?? code ?? 'nothing known'));
    });
  }

  /** All it has printed so far. */
  get output(): string {
    return this.#output;
  }

  /** What it has printed to stderr so far. */
  get errors(): string {
    return this.#errors;
  }

  /** The lines of {@link output}. */
  get lines(): string[] {
    return this.#output.trimEnd().split('\n');
  }

  /** Resolves when the output matches; rejects, with what was printed, if it never does. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const missing = (): string =>
      `${String(pattern)} was not printed, but:\n${this.#output}and to the standard error:\n${this.#errors}`;
    let look = (): void => undefined;
    const match = new Promise<RegExpExecArray>((resolve) => {
      look = () => {
        const found = pattern.exec(this.#output);
        if (found !== null) resolve(found);
      };
    });
    this.#watchers.add(look);
    look();
    try {
      const first = await inTime(Promise.race([match, this.ended]), missing);
      if (typeof first === 'object') return first;
      throw new Error(`it ended (${first}): ${missing()}`);
    } finally {
      this.#watchers.delete(look);
    }
  }

  /** Asks it to stop, as a terminal or a service manager does. */
  interrupt(): void {
    this.#child.kill('SIGTERM');
  }

  /** Ends it as a crash of the machine does: it can do nothing about it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** SIGTERM first, so that it can end its own children; SIGKILL if it does not end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const overdue = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    this.interrupt();
    await this.ended;
    clearTimeout(overdue);
  }
}
