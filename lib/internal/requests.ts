import type { BoundedClient } from '../client/bounded-client.js';
import { LockConnectionError, LockSetupError, type LockError } from '../errors.js';
import type { ResolvedManagerOptions } from './manager-options.js';
import { setUp } from '../schema/setup.js';
import { Deferred } from './deferred.js';
import type { Session } from './session.js';

/** How a manager's requests get to the server: over what connection, after the setup, and how often. */
export class Requests {
  /** Whether there has been any. */
  wereMade = false;
  /** How many had no answer: sent again, or given up. */
  repeats = 0;
  readonly #session: Session;
  readonly #collection: string;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  #setUp: Promise<void> | undefined;
  #isSetUp = false;
  /** Under way, or to be sent again. */
  #open = 0;

  constructor(
    session: Session,
    options: Pick<ResolvedManagerOptions, 'collection' | 'prefix' | 'requestTimeout'>,
  ) {
    this.#session = session;
    this.#collection = options.collection;
    this.#prefix = options.prefix;
    this.#timeoutMs = options.requestTimeout;
  }

  /** Whether somebody waits for an answer. */
  get areOpen(): boolean {
    return this.#open > 0;
  }

  /** Connected, authenticated and set up. */
  async ready(): Promise<BoundedClient> {
    const client = await this.#session.client();
    this.#setUp ??= setUp(client, this.#collection, this.#prefix);
    try {
      await this.#setUp;
      this.#isSetUp = true;
    } catch (error) {
      this.#setUp = undefined;
      throw error;
    }
    return client;
  }

  /**
   * Sent again when the connection is lost under it, or the node cannot serve, within the request time-out: every
   * procedure may be repeated.
   */
  async run(procedure: string, args: unknown[]): Promise<unknown> {
    this.wereMade = true;
    this.#open++;
    const endMs = performance.now() + this.#timeoutMs;
    let failures = 0;
    try {
      for (;;) {
        // Without an await when all is ready: a claim has to be sent before the caller's code goes on.
        let client = this.#isSetUp ? this.#session.current : undefined;
        try {
          client ??= await this.#readyBy(endMs);
          const answer = await client.run(`//${this.#collection}`, this.#prefix + procedure, args);
          this.#session.proved();
          return answer;
        } catch (error) {
          client ??= this.#session.current;
          const mayHelp = this.#mayHelp(error, ++failures);
          if (client === undefined || !mayHelp || performance.now() >= endMs) throw error;
          if (mayHelp === 'setting up') continue;
          if (!this.#session.canReopen) throw error;
          this.#session.giveUp(client, error as LockError);
        }
      }
    } finally {
      this.#open--;
    }
  }

  /** Whether the node knows the room. */
  async join(roomId: number): Promise<boolean> {
    const client = await this.#session.client();
    const [joined] = await client.join(`//${this.#collection}`, roomId);
    return joined === roomId;
  }

  async leave(roomId: number): Promise<void> {
    await this.#session.current?.leave(`//${this.#collection}`, roomId);
  }

  /** What may help against this error, at the nth time that the same request has failed. */
  #mayHelp(error: unknown, times: number): 'another node' | 'setting up' | undefined {
    if (error instanceof LockConnectionError) {
      this.repeats++;
      return 'another node';
    }
    if (!(error instanceof LockSetupError) || !this.#isSetUp) return undefined;
    // It was there. A node that is coming back may not know it yet; if no node does, the server has lost it.
    if (times < this.#session.nodes) return 'another node';
    this.#setUp = undefined;
    this.#isSetUp = false;
    return times === this.#session.nodes ? 'setting up' : undefined;
  }

  /** As {@link ready}, but not for longer than a request may take. */
  async #readyBy(endMs: number): Promise<BoundedClient> {
    const late = new Deferred<never>();
    const timer = setTimeout(
      () => late.reject(new LockConnectionError(`no connection within ${this.#timeoutMs} ms`)),
      endMs - performance.now(),
    );
    try {
      return await Promise.race([this.ready(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
