import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import type { BackEnd } from './back-end.js';
import type { LockOptions } from '../../lib/index.js';
import type { Blocked, BlockedReport, Command, Report, Span, Wish } from './worker-main.js';

/** One that is killed leaves its requests: it is given the time that a busy machine takes. */
const STOP_MS = 15_000;

/** A lock-taking process of its own; see worker-main. */
export class Worker extends EventEmitter {
  readonly #child: ChildProcess;
  readonly #pending = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  #calls = 0;
  #wasKilled = false;

  private constructor(child: ChildProcess) {
    super();
    this.#child = child;
    child.on('message', (report: Report) => this.#take(report));
    child.on('exit', () => {
      for (const { reject } of this.#pending.values()) reject(new Error('the worker has exited'));
    });
  }

  /** Starts `count` processes with a manager each on the back end's collection. */
  static async start(backEnd: BackEnd, count: number): Promise<Worker[]> {
    const options = { url: backEnd.urls, auth: backEnd.auth, collection: backEnd.collection };
    const workers = Array.from({ length: count }, () => Worker.#fork());
    await Promise.all(workers.map((worker) => worker.call({ do: 'open', options })));
    return workers;
  }

  static #fork(): Worker {
    const file = join(__dirname, 'worker-main.ts');
    return new Worker(
      fork(file, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    );
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the worker has not started');
    return this.#child.pid;
  }

  call(command: Command): Promise<unknown> {
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#pending.set(call, { resolve, reject });
      this.#child.send({ ...command, call });
    });
  }

  /** Asks for a lock and resolves when the request is in the queue. The grant comes as the `granted` event. */
  async enqueue(
    key: string,
    name: string | readonly string[],
    options: LockOptions = {},
    limit?: number,
  ): Promise<void> {
    const waiting = once(this, 'waiting');
    const wish: Wish = { name, options, ...(limit === undefined ? {} : { limit }) };
    this.call({ do: 'acquire', key, ...wish }).catch((error: unknown) => this.emit('failed', error));
    await waiting;
  }

  /** Asks for a lock, and is blocked with it; resolves with what it saw. Its request may have to wait. */
  async beBlocked(wish: Blocked): Promise<BlockedReport> {
    return (await this.call({ do: 'block', ...wish })) as BlockedReport;
  }

  /** Acquires and releases each of these in turn; when all have been held, for how long each was. */
  async work(wishes: readonly Wish[]): Promise<Span[]> {
    return (await this.call({ do: 'work', wishes })) as Span[];
  }

  /**
   * Lets it close its manager, if it still runs; it has ended when this resolves.
   * @throws Error if it had ended by itself, as by a rejection that nobody handled
   */
  async stop(): Promise<void> {
    if (!this.#hasExited) {
      const exited = once(this.#child, 'exit');
      this.call({ do: 'close' }).catch(() => undefined);
      const limit = setTimeout(() => {
        this.#wasKilled = true;
        this.#child.kill('SIGKILL');
      }, STOP_MS);
      await exited;
      clearTimeout(limit);
    }
    if (this.#child.exitCode !== 0 && !this.#wasKilled)
      throw new Error(`a worker ended by itself: ${this.#child.exitCode ?? this.#child.signalCode}`);
  }

  /** Whether it could not end its requests. */
  get wasKilled(): boolean {
    return this.#wasKilled;
  }

  /** SIGKILL: nothing of it runs any more when this resolves. */
  async kill(): Promise<void> {
    if (this.#hasExited) return;
    const exited = once(this.#child, 'exit');
    this.#wasKilled = true;
    this.#child.kill('SIGKILL');
    await exited;
  }

  get #hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #take(report: Report): void {
    if (report.event !== 'done') {
      this.emit(report.event, report);
      return;
    }
    const pending = this.#pending.get(report.call);
    this.#pending.delete(report.call);
    if (report.error === undefined) pending?.resolve(report.value);
    else pending?.reject(new Error(report.error));
  }
}
