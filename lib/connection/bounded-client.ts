import { settledWithin } from '../async/within.js';
import type { AnnouncedRuns, AnnouncingClient } from '../client/announcing-client.js';
import { DeadlineQueue } from '../client/deadline-queue.js';
import type { ObservableConnection } from '../client/observable-connection.js';
import type { ThingsDBClient } from '../client/thingsdb-client.js';
import { LockConnectionError, type LockError } from '../errors.js';

interface PendingCall {
  readonly what: string;
  readonly reject: (reason: Error) => void;
}

/** How long a client may take to close. Whoever lets go of a connection has nothing more to learn from it. */
const CLOSE_LIMIT_MS = 2_000;

/**
 * A client that others have written, with a time limit for every call. Most users of ThingsDB have thingsdb.js. It
 * never settles what was pending when its socket closed, nor a `disconnect()` after that.
 *
 * thingsdb.js cannot tell that its connection has ended either: only the time limit shows that. A call that has timed
 * out may have taken effect. What the client itself rejects with comes through as it is. So do its own methods of an
 * {@link ObservableConnection} and an {@link AnnouncingClient}.
 */
export class BoundedClient implements ThingsDBClient, ObservableConnection, AnnouncingClient {
  readonly #client: ThingsDBClient & Partial<ObservableConnection & AnnouncingClient>;
  readonly #pending: DeadlineQueue<PendingCall>;

  /** @param limitMs how long a call may take, opening the connection included */
  constructor(client: ThingsDBClient & Partial<ObservableConnection & AnnouncingClient>, limitMs: number) {
    this.#client = client;
    this.#pending = new DeadlineQueue(limitMs, ({ what, reject }) =>
      reject(new LockConnectionError(`${what} had no answer within ${limitMs} ms`)),
    );
  }

  connect(): Promise<unknown> {
    return this.#bounded('connect', () => this.#client.connect());
  }

  /** Rejects what is pending and closes. Resolves within two seconds, also if the client fails to close or hangs. */
  async disconnect(): Promise<void> {
    const reason = new LockConnectionError('the connection was closed by disconnect()');
    for (const { reject } of this.#pending.drain()) reject(reason);
    await settledWithin(
      Promise.resolve().then(() => this.#client.disconnect()),
      CLOSE_LIMIT_MS,
    );
  }

  auth(username: string, password: string): Promise<unknown> {
    return this.#bounded('auth', () => this.#client.auth(username, password));
  }

  authToken(token: string): Promise<unknown> {
    return this.#bounded('auth', () => this.#client.authToken(token));
  }

  ping(): Promise<unknown> {
    return this.#bounded('ping', () => this.#client.ping());
  }

  query(scope: string, code: string, vars?: Record<string, unknown>): Promise<unknown> {
    return this.#bounded(`query in ${scope}`, () => this.#client.query(scope, code, vars));
  }

  run(scope: string, procedure: string, args?: unknown[]): Promise<unknown> {
    return this.#bounded(`run ${procedure} in ${scope}`, () => this.#client.run(scope, procedure, args));
  }

  join(scope: string, ...roomIds: number[]): Promise<(number | null)[]> {
    return this.#bounded(`join in ${scope}`, () => this.#client.join(scope, ...roomIds));
  }

  leave(scope: string, ...roomIds: number[]): Promise<(number | null)[]> {
    return this.#bounded(`leave in ${scope}`, () => this.#client.leave(scope, ...roomIds));
  }

  addEventListener(callback: (type: number, message: unknown) => void): void {
    this.#client.addEventListener(callback);
  }

  removeEventListener(callback: (type: number, message: unknown) => void): void {
    this.#client.removeEventListener(callback);
  }

  onClose(callback: (reason: LockError) => void): () => void {
    return this.#client.onClose?.(callback) ?? (() => undefined);
  }

  /** Without effect on a client that has no such method. Its open socket keeps the process alive anyway. */
  keepAlive(): () => void {
    return this.#client.keepAlive?.() ?? (() => undefined);
  }

  get bytesRead(): number {
    return this.#client.bytesRead ?? 0;
  }

  announceRuns(runs: AnnouncedRuns): void {
    this.#client.announceRuns?.(runs);
  }

  #bounded<T>(what: string, send: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline = this.#pending.add({ what, reject });
      const fail = (error: unknown): void => {
        this.#pending.delete(deadline);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- clients reject with anything
        reject(error);
      };
      try {
        send().then((value) => {
          this.#pending.delete(deadline);
          resolve(value);
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }
}
