import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockConnectionError, type Auth } from '../../lib/index.js';
import { onNode } from './node-client.js';

const STOP_LIMIT_MS = 10_000;
const ANSWER_LIMIT_MS = 3_000;
const LIMITS = { requestTimeoutMs: ANSWER_LIMIT_MS, connectTimeoutMs: ANSWER_LIMIT_MS };

/** A node of a real ThingsDB that is started by a command of the user's, as a process group of its own. */
export class ServerNode {
  readonly url: string;
  readonly #command: string;
  readonly #auth: Auth;
  #child: ChildProcess | undefined;

  constructor(url: string, command: string, auth: Auth) {
    this.url = url;
    this.#command = command;
    this.#auth = auth;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when it answers, or has not for so long that something is wrong with it. */
  async start(limitMs: number): Promise<void> {
    if (this.isRunning) throw new Error(`the node of ${this.url} is running already`);
    this.#child = spawn('/bin/sh', ['-c', `exec ${this.#command}`], { detached: true, stdio: 'ignore' });
    const endMs = performance.now() + limitMs;
    while (!(await this.answers()) && performance.now() < endMs) {
      if (!this.isRunning) throw new Error(`the command of ${this.url} ended: ${this.#command}`);
      await sleep(100);
    }
  }

  signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid !== undefined && this.isRunning) process.kill(-pid, signal);
  }

  /** SIGKILL; gone when this resolves. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL', STOP_LIMIT_MS);
  }

  /** SIGTERM: it writes down what it knows. Resolves `false` if it had to be killed. */
  async stop(): Promise<boolean> {
    if (await this.#end('SIGTERM', STOP_LIMIT_MS)) return true;
    await this.kill();
    return false;
  }

  /** Whether it lets us in, answers, and is done with whatever it has to catch up with. */
  async isReady(): Promise<boolean> {
    return (await this.#ask('node_info().load().status;')) === 'READY';
  }

  /** Whether it says anything at all: one that is away or catching up refuses clients, and is well. */
  async isAlive(): Promise<boolean> {
    return onNode(this.url, this.#auth, LIMITS, (client) => client.ping()).then(
      () => true,
      (error: unknown) => !(error instanceof LockConnectionError),
    );
  }

  /** Whether it lets us in and answers a query. */
  async answers(): Promise<boolean> {
    return (await this.#ask('true;')) === true;
  }

  /** The answer of this node itself; `undefined` if there is none. */
  #ask(code: string): Promise<unknown> {
    return onNode(this.url, this.#auth, LIMITS, (client) => client.query('@node', code)).catch(
      () => undefined,
    );
  }

  async #end(signal: NodeJS.Signals, limitMs: number): Promise<boolean> {
    this.signal(signal);
    const endMs = performance.now() + limitMs;
    while (this.isRunning && performance.now() < endMs) await sleep(20);
    return !this.isRunning;
  }
}
