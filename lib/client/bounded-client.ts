import { LockConnectionError, LockError } from '../errors.js';
import { callSafely } from './call-safely.js';
import { DeadlineQueue } from './deadline-queue.js';
import type { ObservableConnection } from './observable-connection.js';
import { ServerError } from './server-error.js';
import type { ThingsDBClient } from './thingsdb-client.js';
import { requestName, typedError, type ErrorContext } from './typed-error.js';

export interface BoundedClientOptions {
  /** How long a request may take, in milliseconds; the same for opening the connection. */
  readonly requestTimeoutMs: number;
  /** Who is asking, for the line that would grant a missing right; learned from `auth` if not given. */
  readonly user?: string | undefined;
}

interface PendingCall {
  readonly context: ErrorContext;
  readonly reject: (reason: Error) => void;
}

/** How long a client may take to close: whoever lets go of a connection has nothing more to learn from it. */
const CLOSE_LIMIT_MS = 2_000;

/**
 * Any client, made dependable. thingsdb.js, the client that most users of ThingsDB have, never settles what was pending
 * when its socket closed, nor a `disconnect()` after that, and rejects with bare objects and events. Through this:
 *
 * - every call settles: within `requestTimeoutMs`, when the connection is seen to end, or on `disconnect()`;
 * - every rejection is a `LockError`, or the `ServerError` of a refusal by our own procedures.
 *
 * A client that cannot tell that its connection has ended (thingsdb.js cannot) is found out by the time limit only, and
 * {@link onClose} then speaks of `disconnect()` alone. A request that has timed out may have taken effect.
 */
export class BoundedClient implements ThingsDBClient, ObservableConnection {
  readonly #client: ThingsDBClient & Partial<ObservableConnection>;
  readonly #limitMs: number;
  readonly #pending: DeadlineQueue<PendingCall>;
  readonly #closeCallbacks = new Set<(reason: LockError) => void>();
  #user: string | undefined;
  /** Why nothing can be sent, from the end of a connection to the next one. */
  #closedBy: LockError | undefined;

  constructor(client: ThingsDBClient & Partial<ObservableConnection>, options: BoundedClientOptions) {
    this.#client = client;
    this.#limitMs = options.requestTimeoutMs;
    this.#user = options.user;
    this.#pending = new DeadlineQueue(options.requestTimeoutMs, ({ context, reject }) => {
      reject(new LockConnectionError(`${requestName(context)} had no answer within ${this.#limitMs} ms`));
    });
    client.onClose?.((reason) => this.#closed(reason));
  }

  /** A connection that opens only after this has rejected is closed again. */
  async connect(): Promise<void> {
    try {
      await this.#bounded({ what: 'connect' }, () => this.#client.connect());
    } catch (error) {
      this.#client.disconnect().catch(() => undefined);
      throw error;
    }
    this.#closedBy = undefined;
  }

  /** Rejects what is pending and closes. Resolves within two seconds, also if the client fails to close or hangs. */
  async disconnect(): Promise<void> {
    this.#closed(new LockConnectionError('the connection was closed by disconnect()'));
    let limit: NodeJS.Timeout | undefined;
    const overdue = new Promise<void>((resolve) => (limit = setTimeout(resolve, CLOSE_LIMIT_MS)));
    const closed = this.#client.disconnect().catch(() => undefined);
    await Promise.race([closed, overdue]);
    clearTimeout(limit);
  }

  /** Takes the connection for lost: rejects what is pending with `reason`, tells whoever listens, and closes behind it. */
  abandon(reason: LockError): void {
    this.#closed(reason);
    this.#client.disconnect().catch(() => undefined);
  }

  async auth(username: string, password: string): Promise<void> {
    this.#user = username;
    await this.#request({ what: 'auth' }, () => this.#client.auth(username, password));
  }

  async authToken(token: string): Promise<void> {
    await this.#request({ what: 'auth' }, () => this.#client.authToken(token));
  }

  async ping(): Promise<void> {
    await this.#request({ what: 'ping' }, () => this.#client.ping());
  }

  query(scope: string, code: string, vars?: Record<string, unknown>): Promise<unknown> {
    const context = { what: 'query', scope, rights: 'QUERY|CHANGE' };
    return this.#request(context, () => this.#client.query(scope, code, vars));
  }

  run(scope: string, procedure: string, args?: unknown[]): Promise<unknown> {
    return this.#request({ what: `run ${procedure}`, scope }, () => this.#client.run(scope, procedure, args));
  }

  join(scope: string, ...roomIds: number[]): Promise<(number | null)[]> {
    return this.#request({ what: 'join', scope }, () => this.#client.join(scope, ...roomIds));
  }

  leave(scope: string, ...roomIds: number[]): Promise<(number | null)[]> {
    return this.#request({ what: 'leave', scope }, () => this.#client.leave(scope, ...roomIds));
  }

  addEventListener(callback: (type: number, message: unknown) => void): void {
    this.#client.addEventListener(callback);
  }

  removeEventListener(callback: (type: number, message: unknown) => void): void {
    this.#client.removeEventListener(callback);
  }

  onClose(callback: (reason: LockError) => void): () => void {
    this.#closeCallbacks.add(callback);
    return () => void this.#closeCallbacks.delete(callback);
  }

  /** Has no effect on a client that has no such method: its socket keeps the process alive while it is open anyway. */
  hold(): () => void {
    return this.#client.hold?.() ?? (() => undefined);
  }

  #request<T>(context: ErrorContext, send: () => Promise<T>): Promise<T> {
    if (this.#closedBy === undefined) return this.#bounded(context, send);
    const message = `${requestName(context)} was not sent: ${this.#closedBy.message}`;
    return Promise.reject(new LockConnectionError(message, { cause: this.#closedBy }));
  }

  #bounded<T>(context: ErrorContext, send: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline = this.#pending.add({ context, reject });
      const fail = (error: unknown): void => {
        this.#pending.delete(deadline);
        reject(this.#typed(error, context));
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

  #typed(error: unknown, context: ErrorContext): Error {
    const typed = typedError(error, { ...context, user: this.#user });
    if (typed instanceof LockError || typed instanceof ServerError) return typed;
    // What a client throws by itself (not connected, the socket is closing) has one meaning here: it was not sent.
    return new LockConnectionError(`${requestName(context)} could not be sent: ${typed.message}`, {
      cause: error,
    });
  }

  #closed(reason: LockError): void {
    const wasOpen = this.#closedBy === undefined;
    this.#closedBy = reason;
    for (const { reject } of this.#pending.drain()) reject(reason);
    if (!wasOpen) return;
    for (const callback of [...this.#closeCallbacks]) callSafely(() => callback(reason));
  }
}
