import { afterTurns } from '../async/after-reading.js';
import type { AnnouncedRuns, AnnouncingClient } from '../client/announcing-client.js';
import type { EmittingClient } from '../client/emitting-client.js';
import type { ObservableConnection } from '../client/observable-connection.js';
import { ServerError } from '../client/server-error.js';
import type { ThingsDBClient } from '../client/thingsdb-client.js';
import { LockConnectionError, LockError } from '../errors.js';
import type { Auth } from '../options/manager-options.js';
import { Heartbeat } from './heartbeat.js';
import { requestName, typedError, type ErrorContext } from './typed-error.js';

/** What a connection tells whoever uses it. */
export interface NodeConnectionEvents {
  /** It is over: for whatever reason, once. What was pending has been rejected with the same reason. */
  readonly onEnd: (reason: LockError) => void;
  /** The server is silent: another connection should be looked for. */
  readonly onSilent: () => void;
  /** The server answers pings and leaves a call unanswered: another node may do better. */
  readonly onStuck: () => void;
  /** A message that nobody asked for: the protocol's number of its kind, and its body. */
  readonly onPush: (type: number, body: unknown) => void;
}

type Client = ThingsDBClient & Partial<ObservableConnection & AnnouncingClient & EmittingClient>;

/** A request that has no answer yet. */
interface Pending {
  readonly reject: (reason: Error) => void;
  /** When it was sent, if it is a call. A ping is none, because it is a question and not a reason to ask. */
  readonly callMs: number | undefined;
}

/**
 * One connection to one node, over whatever client, from its opening to its end.
 *
 * Every rejection is a `LockError`, or the `ServerError` of a refusal by our own procedures. The time limit of a call
 * is the client's. {@link watch} says how soon a silent server has to be found out. The connection then ends by itself.
 */
export class NodeConnection implements Pick<ThingsDBClient, 'query' | 'run' | 'join' | 'leave'> {
  readonly #client: Client;
  /** In the order in which they were sent. */
  readonly #pending = new Set<Pending>();
  /** How many of them are calls. */
  #calls = 0;
  readonly #heartbeat: Heartbeat;
  readonly #onPush = (type: number, body: unknown): void => this.#pushed(type, body);
  #events: NodeConnectionEvents | undefined;
  #user: string | undefined;
  #endedBy: LockError | undefined;
  #isGivenUp = false;
  #letGo: (() => void) | undefined;

  constructor(client: Client) {
    this.#client = client;
    this.#heartbeat = new Heartbeat({
      ping: () => void this.#ping(),
      bytesRead: () => client.bytesRead,
      oldestCallMs: () => this.#oldestCallMs,
      onSilent: () => this.#events?.onSilent(),
      onStuck: () => this.#events?.onStuck(),
      onDead: (silentMs) => afterTurns(() => this.#dead(silentMs)),
    });
    client.onClose?.((reason) => this.#ended(reason));
  }

  /** Opens the connection. */
  async connect(): Promise<void> {
    await this.#request({ what: 'connect' }, () => this.#client.connect());
  }

  async authenticate(auth: Auth): Promise<void> {
    if ('username' in auth) this.#user = auth.username;
    await this.#timed({ what: 'auth' }, () =>
      'token' in auth ? this.#client.authToken(auth.token) : this.#client.auth(auth.username, auth.password),
    );
  }

  /** From now on `events` are told. */
  listen(events: NodeConnectionEvents): void {
    this.#events = events;
    this.#client.addEventListener(this.#onPush);
  }

  /** Why it has ended; `undefined` while it has not. */
  get endedBy(): LockError | undefined {
    return this.#endedBy;
  }

  /** Whether it was ended here, since its node is silent or cannot serve. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** Whether the server has not answered for so long that another connection is looked for. */
  get isSilent(): boolean {
    return this.#heartbeat.isSilent;
  }

  /** Whether a call for which another node is looked for still has no answer. */
  get isStuck(): boolean {
    return this.#heartbeat.isStuck;
  }

  /**
   * @param windowMs how soon a silent server is found out; `undefined` when nobody needs to know
   * @param callPatienceMs how long a call may wait for its answer, until `onStuck`
   */
  watch(windowMs: number | undefined, callPatienceMs?: number): void {
    if (this.#endedBy === undefined) this.#heartbeat.watch(windowMs, callPatienceMs);
  }

  /** Whether the process must not end while this is open. */
  keepAlive(wanted: boolean): void {
    if (wanted) this.#letGo ??= this.#client.keepAlive?.();
    else {
      this.#letGo?.();
      this.#letGo = undefined;
    }
  }

  /** Without effect on a client that cannot announce: it has no need of it. */
  announceRuns(runs: AnnouncedRuns): void {
    this.#client.announceRuns?.(runs);
  }

  query(scope: string, code: string, vars?: Record<string, unknown>): Promise<unknown> {
    const context = { what: 'query', scope, isSetup: true };
    return this.#request(context, () => this.#client.query(scope, code, vars));
  }

  run(scope: string, procedure: string, args?: unknown[]): Promise<unknown> {
    return this.#request({ what: `run ${procedure}`, scope }, () => this.#client.run(scope, procedure, args));
  }

  join(scope: string, ...roomIds: number[]): Promise<(number | null)[]> {
    return this.#request({ what: 'join', scope }, () => this.#client.join(scope, ...roomIds));
  }

  /** Not for a client of the caller's, which need not be able to. */
  emit(scope: string, roomId: number | bigint, event: string): Promise<unknown> {
    return this.#request({ what: 'emit', scope }, async () => this.#client.emit?.(scope, roomId, event));
  }

  leave(scope: string, ...roomIds: number[]): Promise<(number | null)[]> {
    return this.#request({ what: 'leave', scope }, () => this.#client.leave(scope, ...roomIds));
  }

  /** Takes it for lost: rejects what is pending with `reason`, tells `onEnd`, and closes behind it. */
  abandon(reason: LockError): void {
    this.#isGivenUp ||= this.#endedBy === undefined;
    void this.close(reason);
  }

  /** As {@link abandon}; resolves when the client has closed, or has failed to. */
  async close(reason: LockError): Promise<void> {
    this.#ended(reason);
    try {
      await this.#client.disconnect();
    } catch {
      // A client that cannot close its connection has none, and nobody uses it any more.
    }
  }

  /** Takes no more part in it: the client stays open, as it is the caller's. */
  detach(reason: LockError): void {
    this.#ended(reason);
  }

  #dead(silentMs: number): void {
    if (this.#endedBy !== undefined || this.#heartbeat.revives()) return;
    this.abandon(new LockConnectionError(`the server has been silent for ${Math.round(silentMs)} ms`));
  }

  async #ping(): Promise<void> {
    try {
      await this.#timed({ what: 'ping' }, () => this.#client.ping());
    } catch {
      // The heartbeat has its own patience, and what ends the connection is told by `onEnd`.
    }
  }

  /** A request that the server answers at once: it tells how far away that is. */
  async #timed(context: ErrorContext, send: () => Promise<unknown>): Promise<void> {
    const sentMs = performance.now();
    await this.#request(context, send, false);
    this.#heartbeat.answered(performance.now() - sentMs);
  }

  #request<T>(context: ErrorContext, send: () => Promise<T>, isCall = true): Promise<T> {
    if (this.#endedBy !== undefined) {
      const message = `${requestName(context)} was not sent: ${this.#endedBy.message}`;
      return Promise.reject(new LockConnectionError(message, { cause: this.#endedBy }));
    }
    return new Promise((resolve, reject) => {
      const pending: Pending = { reject, callMs: isCall ? performance.now() : undefined };
      this.#pending.add(pending);
      if (isCall && ++this.#calls === 1) this.#heartbeat.callsBegan();
      const fail = (error: unknown): void => {
        this.#settled(pending);
        const typed = this.#typed(error, context);
        if (isCall && !(typed instanceof LockConnectionError)) this.#heartbeat.heard();
        reject(typed);
      };
      try {
        send().then((value) => {
          this.#settled(pending);
          if (isCall) this.#heartbeat.heard();
          resolve(value);
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  #settled(pending: Pending): void {
    this.#pending.delete(pending);
    if (pending.callMs !== undefined) this.#calls--;
  }

  get #oldestCallMs(): number | undefined {
    if (this.#calls === 0) return undefined;
    for (const { callMs } of this.#pending) if (callMs !== undefined) return callMs;
    return undefined;
  }

  #typed(error: unknown, context: ErrorContext): Error {
    const typed = typedError(error, { ...context, user: this.#user });
    if (typed instanceof LockError || typed instanceof ServerError) return typed;
    // What a client throws by itself (not connected, the socket is closing) has one meaning here: it was not sent.
    return new LockConnectionError(`${requestName(context)} could not be sent: ${typed.message}`, {
      cause: error,
    });
  }

  #pushed(type: number, body: unknown): void {
    this.#heartbeat.pushed();
    this.#events?.onPush(type, body);
  }

  #ended(reason: LockError): void {
    if (this.#endedBy !== undefined) return;
    this.#endedBy = reason;
    this.#heartbeat.stop();
    this.keepAlive(false);
    this.#client.removeEventListener(this.#onPush);
    for (const { reject } of [...this.#pending]) reject(reason);
    this.#pending.clear();
    this.#events?.onEnd(reason);
  }
}
