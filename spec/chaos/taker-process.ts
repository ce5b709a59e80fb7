import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { TcpProxy } from '../support/tcp-proxy.js';
import type { FromTaker, Parcel, TakerTask, ToTaker } from './taker-messages.js';

const REPOSITORY = join(__dirname, '../..');

/** What its parent does for a taker. */
export interface TakerListener {
  write(taker: TakerProcess, message: Extract<FromTaker, { told: 'write' }>): boolean;
  handedOn(taker: TakerProcess, parcel: Parcel): void;
  exited(taker: TakerProcess, end: number | string): void;
}

type Doing = Extract<FromTaker, { told: 'doing' }>;

/** A lock-taking process as its parent sees it, with the proxies that only it connects through. */
export class TakerProcess {
  readonly name: string;
  readonly proxies: readonly TcpProxy[];
  readonly ready: Promise<unknown>;
  readonly drained: Promise<unknown>;
  readonly exited: Promise<void>;
  /** By hand. */
  readonly #doing = new Map<number, Doing>();
  readonly #child: ChildProcess;
  /** What is being done to its process, or to its connections. */
  readonly touched = new Set<'process' | 'connections'>();
  isExpectedToEnd = false;

  private constructor(task: TakerTask, proxies: readonly TcpProxy[], listener: TakerListener) {
    this.name = task.process;
    this.proxies = proxies;
    this.#child = fork(join(__dirname, 'taker-main.ts'), [JSON.stringify(task)], {
      cwd: REPOSITORY,
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        listener.exited(this, signal ?? code ?? 'nothing known');
        resolve();
      });
    });
    this.ready = this.#told('ready');
    this.drained = this.#told('drained');
    this.#child.on('error', () => undefined);
    this.#child.on('message', (message: FromTaker) => {
      if (message.told === 'doing') this.#doing.set(message.hand, message);
      if (message.told === 'handed-on') listener.handedOn(this, message.parcel);
      if (message.told !== 'write') return;
      const isAccepted = listener.write(this, message);
      this.send({ do: 'written', call: message.call, isAccepted });
    });
  }

  /** Starts it behind a proxy of its own for each node. */
  static async start(task: TakerTask, listener: TakerListener): Promise<TakerProcess> {
    const proxies = await Promise.all(task.urls.map((url) => TcpProxy.to(url)));
    return new TakerProcess({ ...task, urls: proxies.map(({ url }) => url) }, proxies, listener);
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The ttl of a lock that it holds, or waits for; `undefined` if it does neither. */
  ttlMsWhile(what: 'holding' | 'waiting'): number | undefined {
    return [...this.#doing.values()].find((doing) => doing.what === what)?.ttlMs;
  }

  send(message: ToTaker): void {
    // It may have been killed a moment ago.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(signal);
  }

  async closeProxies(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }

  /** Resolves when it says so, or has ended without. */
  #told(told: FromTaker['told']): Promise<unknown> {
    const heard = new Promise<void>((resolve) => {
      this.#child.on('message', (message: FromTaker) => message.told === told && resolve());
    });
    return Promise.race([heard, this.exited]);
  }
}
