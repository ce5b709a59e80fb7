import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { until } from '../support/until.js';
import { FEATURES, type Feature, type Login, type Order, type Said, type Terms } from './messages.js';

/** No answer may take longer, beyond the time that the order itself allows. */
const ANSWER_MS = 15_000;
const START_MS = 60_000;

/** What the program answered instead of a result. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(`${code}: ${message}`);
  }
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A lease, as the program that holds it is asked about it. */
export interface Held {
  readonly key: string;
  readonly token: number | undefined;
  /** When the order was given, on the monotonic clock: no lease may last longer than its ttl from here. */
  readonly askedAtMs: number;
}

const EXCLUSIVE: Omit<Terms, 'names'> = {
  ttl: 30_000,
  wait: null,
  renew: true,
  mode: 'exclusive',
  permits: 1,
  of: 1,
};

/** The terms of an exclusive lock that is waited for as long as it takes, unless something else is said. */
export function terms(names: string | readonly string[], others: Partial<Terms> = {}): Terms {
  return { ...EXCLUSIVE, names: [names].flat(), ...others };
}

/** A promise that is awaited later: if it has rejected by then, that is told there, and not before. */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** The program under test, in a process of its own. */
export class Contestant {
  features: ReadonlySet<Feature> = new Set();
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #lost = new Map<string, number>();
  #calls = 0;
  #keys = 0;
  #errors = '';
  #hasExited = false;

  private constructor(command: readonly string[]) {
    const [program = '', ...args] = command;
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.on('error', (error) => this.#end(`cannot be started: ${error.message}`));
    this.#child.on('exit', (code, signal) => this.#end(`ended (${signal ?? code})`));
    // Writing to a program that has just ended: its end is what is told.
    this.#child.stdin!.on('error', () => undefined);
    this.#child.stderr!.on('data', (text: Buffer) => (this.#errors += text.toString()));
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#take(line));
  }

  /** Starts the program and logs in. @throws if it declares a feature that does not exist */
  static async start(command: readonly string[], login: Login): Promise<Contestant> {
    const contestant = new Contestant(command);
    const opened = (await contestant.order({ do: 'open', ...login }, START_MS)) as { features: Feature[] };
    const unknown = opened.features.filter((feature) => !FEATURES.includes(feature));
    if (unknown.length > 0) throw new Error(`there is no feature ${unknown.join(', ')}`);
    contestant.features = new Set(opened.features);
    return contestant;
  }

  get isRunning(): boolean {
    return !this.#hasExited;
  }

  /** The result; rejects with a {@link Refusal} if the program says so. */
  order(order: Order, limitMs = ANSWER_MS): Promise<unknown> {
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no answer to ${order.do} in ${limitMs} ms\n${this.#errors}`)),
        limitMs,
      );
      this.#pending.set(call, {
        resolve: (result) => (clearTimeout(timer), resolve(result)),
        reject: (error) => (clearTimeout(timer), reject(error)),
      });
      if (this.#hasExited) this.#end('has ended before');
      else this.#child.stdin!.write(`${JSON.stringify({ call, ...order })}\n`);
    });
  }

  async acquire(wanted: Terms, key = this.newKey()): Promise<Held> {
    const askedAtMs = performance.now();
    const result = await this.order({ do: 'acquire', key, ...wanted }, (wanted.wait ?? 60_000) + ANSWER_MS);
    return { key, token: tokenIn(result), askedAtMs };
  }

  /** `undefined` when it was not free. */
  async try(wanted: Terms): Promise<Held | undefined> {
    const key = this.newKey();
    const askedAtMs = performance.now();
    const result = await this.order({ do: 'try', key, ...wanted });
    return result === null ? undefined : { key, token: tokenIn(result), askedAtMs };
  }

  release({ key }: Held): Promise<unknown> {
    return this.order({ do: 'release', key });
  }

  async isHeld({ key }: Held): Promise<boolean> {
    return (await this.order({ do: 'is-held', key })) === true;
  }

  /** When it told that this lease was lost, on the monotonic clock; waits for that. */
  async lostAtMs({ key }: Held, limitMs = ANSWER_MS): Promise<number> {
    await until(() => this.#lost.has(key), { limitMs, describe: () => 'the loss of the lease was not told' });
    return this.#lost.get(key) ?? Number.NaN;
  }

  hasLost({ key }: Held): boolean {
    return this.#lost.has(key);
  }

  newKey(): string {
    return `k${++this.#keys}`;
  }

  /** SIGSTOP; nothing of it runs until {@link goOn}. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  goOn(): void {
    this.#child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (this.#hasExited) return;
    this.goOn();
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** Asks it to let go of everything and to end; resolves with its exit status. */
  async close(): Promise<number | string> {
    const ended = new Promise<number | string>((resolve) =>
      this.#child.once('exit', (code, signal) => resolve(signal ?? code ?? 'unknown')),
    );
    await this.order({ do: 'close' });
    this.#child.stdin!.end();
    return ended;
  }

  #end(how: string): void {
    this.#hasExited = true;
    for (const { reject } of this.#pending.values()) reject(new Error(`the program ${how}\n${this.#errors}`));
    this.#pending.clear();
  }

  #take(line: string): void {
    const said = JSON.parse(line) as Said;
    if ('event' in said) {
      this.#lost.set(said.key, performance.now());
      return;
    }
    const pending = this.#pending.get(said.call);
    this.#pending.delete(said.call);
    if ('error' in said) pending?.reject(new Refusal(said.error, said.message ?? ''));
    else pending?.resolve(said.result);
  }
}

function tokenIn(result: unknown): number | undefined {
  const token = (result as { token?: unknown } | null)?.token;
  return typeof token === 'number' ? token : undefined;
}
