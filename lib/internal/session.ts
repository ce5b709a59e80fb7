import { BoundedClient } from '../client/bounded-client.js';
import { LockConnectionError, type LockError } from '../errors.js';
import type { ReconnectingEvent } from '../events.js';
import type { Auth } from '../options.js';
import type { ResolvedManagerOptions } from './manager-options.js';
import { Alarm } from './alarm.js';
import { backOffMs } from './back-off.js';
import { clientSources, type ClientSource } from './client-source.js';
import { Deferred } from './deferred.js';
import { outsideOfAll } from './reentry.js';

export interface SessionListener {
  connected(): void;
  disconnected(reason: LockError): void;
  reconnecting(event: ReconnectingEvent): void;
  /** There will be no connection: refused for good, or the client cannot be opened again. */
  failed(reason: LockError): void;
  /** A message that nobody asked for: the protocol's number of its kind, and its body. */
  pushed(type: number, body: unknown): void;
  /** Whether anybody needs a connection that is lost to be opened again by itself. */
  isNeeded(): boolean;
}

type Options = Pick<ResolvedManagerOptions, 'client' | 'url' | 'auth' | 'requestTimeout'>;

type State = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** From each state, the states that may follow. */
const MOVES: Readonly<Record<State, readonly State[]>> = {
  idle: ['connecting', 'closed'],
  connecting: ['connected', 'idle', 'closed'],
  connected: ['reconnecting', 'idle', 'closed'],
  reconnecting: ['connected', 'idle', 'closed'],
  closed: [],
};

/** What a node tells of itself before it goes (pushed node status). */
const NODE_STATUS = 0;
const SHUTTING_DOWN = 'SHUTTING_DOWN';

/**
 * One connection to ThingsDB at a time: opened at first use, opened again when it is lost and somebody needs it, or at
 * the next use. Nodes are tried in the order given, so that all managers prefer the same one; after a loss the next in
 * that order comes first. A client that was given as an instance cannot be opened again.
 */
export class Session {
  readonly #sources: readonly ClientSource[];
  readonly #auth: Auth | undefined;
  readonly #requestTimeoutMs: number;
  readonly #listener: SessionListener;
  readonly #onPush = (type: number, body: unknown): void => this.#pushed(type, body);
  readonly #heartbeat = new Alarm();
  #state: State = 'idle';
  #opening: Promise<BoundedClient> | undefined;
  #current: { readonly client: BoundedClient; readonly source: number; letGo?: () => void } | undefined;
  /** Where the next connection is tried first. */
  #first = 0;
  #holds = 0;
  /** Tries to connect again since a request was served. */
  #attempts = 0;
  #closedBy: LockError | undefined;
  #wake = new Deferred<void>();

  constructor(options: Options, listener: SessionListener) {
    this.#sources = clientSources(options);
    this.#auth = options.auth;
    this.#requestTimeoutMs = options.requestTimeout;
    this.#listener = listener;
  }

  /** How many there are to choose from. */
  get nodes(): number {
    return this.#sources.length;
  }

  /** A request was served: the next loss is tried to be mended at once again. */
  proved(): void {
    this.#attempts = 0;
  }

  /** The connected client, if there is one. */
  get current(): BoundedClient | undefined {
    return this.#current?.client;
  }

  /** Whether a connection that is lost can be opened again. */
  get canReopen(): boolean {
    return this.#sources.every((source) => source.isOwn);
  }

  /** The connected, authenticated client; while it reconnects, the one to come. Rejects with a `LockError`. */
  client(): Promise<BoundedClient> {
    if (this.#closedBy !== undefined) return Promise.reject(this.#closedBy);
    if (this.#state === 'idle') {
      this.#move('connecting');
      this.#opening = outsideOfAll(() => this.#open());
    }
    return this.#opening as Promise<BoundedClient>;
  }

  /** This client is of no use: its node does not answer, or cannot serve. Without effect on a client of the caller's. */
  giveUp(client: BoundedClient, reason: LockError): void {
    if (this.canReopen && this.#current?.client === client) client.abandon(reason);
  }

  /** Keeps the process alive, and sees to it that the server is, while somebody waits to be told. Returns how to let go. */
  hold(): () => void {
    if (++this.#holds === 1) this.#watch();
    let isHeld = true;
    return () => {
      if (isHeld && --this.#holds === 0) this.#unwatch();
      isHeld = false;
    };
  }

  /** Ends the connection and every request on it; nothing can be sent afterwards. */
  async close(reason: LockError): Promise<void> {
    this.#closedBy = reason;
    const { client, source } = this.#current ?? {};
    this.#unwatch();
    this.#current = undefined;
    this.#move('closed');
    this.#wake.resolve();
    client?.removeEventListener(this.#onPush);
    if (client !== undefined && this.#sources[source ?? 0]?.isOwn) await client.disconnect();
  }

  async #open(): Promise<BoundedClient> {
    try {
      return await this.#tryAll();
    } catch (error) {
      if (this.#state === 'connecting') this.#move('idle');
      throw error;
    }
  }

  /** Until it succeeds, is refused for good, or nobody needs it any more. */
  async #reopen(lost: LockError): Promise<BoundedClient> {
    for (;;) {
      const attempt = ++this.#attempts;
      const delayMs = backOffMs(attempt);
      this.#listener.reconnecting({ attempt, delayMs });
      await this.#pause(delayMs);
      this.#assertOpen();
      if (!this.#listener.isNeeded()) {
        this.#move('idle');
        throw lost;
      }
      try {
        return await this.#tryAll();
      } catch (error) {
        this.#assertOpen();
        if (error instanceof LockConnectionError) continue;
        this.#move('idle');
        this.#listener.failed(error as LockError);
        throw error;
      }
    }
  }

  /** Each node once. */
  async #tryAll(): Promise<BoundedClient> {
    let failure: LockError | undefined;
    for (let i = 0; i < this.#sources.length; i++) {
      const index = (this.#first + i) % this.#sources.length;
      try {
        return await this.#connect(index);
      } catch (error) {
        failure = error as LockError;
        // Only another node can help, and only if this one could not be reached.
        if (!(error instanceof LockConnectionError) || this.#closedBy !== undefined) break;
      }
    }
    throw failure ?? new LockConnectionError('there is no node to connect to');
  }

  async #connect(index: number): Promise<BoundedClient> {
    const source = this.#sources[index] as ClientSource;
    const client = new BoundedClient(await source.open(), { requestTimeoutMs: this.#requestTimeoutMs });
    try {
      if (this.#auth !== undefined) await this.#authenticate(client, this.#auth);
      this.#assertOpen();
    } catch (error) {
      if (source.isOwn) await client.disconnect();
      throw error;
    }
    this.#became(client, index);
    return client;
  }

  async #authenticate(client: BoundedClient, auth: Auth): Promise<void> {
    await client.connect();
    await ('token' in auth ? client.authToken(auth.token) : client.auth(auth.username, auth.password));
  }

  #became(client: BoundedClient, source: number): void {
    this.#move('connected');
    this.#current = { client, source };
    client.onClose((reason) => this.#lost(client, reason));
    client.addEventListener(this.#onPush);
    if (this.#holds > 0) this.#watch();
    this.#listener.connected();
  }

  #lost(client: BoundedClient, reason: LockError): void {
    if (this.#current?.client !== client) return;
    client.removeEventListener(this.#onPush);
    this.#first = (this.#current.source + 1) % this.#sources.length;
    this.#current = undefined;
    this.#heartbeat.clear();
    const isWanted = this.canReopen && this.#listener.isNeeded();
    this.#move(isWanted ? 'reconnecting' : 'idle');
    this.#listener.disconnected(reason);
    if (!this.canReopen) {
      this.#closedBy = reason;
      this.#listener.failed(reason);
    } else if (isWanted && this.#state === 'reconnecting') {
      this.#opening = this.#reopen(reason);
      // Whoever needs it awaits it; that nobody does is no fault.
      this.#opening.catch(() => undefined);
    }
  }

  #pushed(type: number, body: unknown): void {
    const { status } = (body ?? {}) as { status?: unknown };
    if (type === NODE_STATUS && status === SHUTTING_DOWN && this.#current !== undefined) {
      this.giveUp(this.#current.client, new LockConnectionError('the node is shutting down'));
    }
    this.#listener.pushed(type, body);
  }

  #watch(): void {
    if (this.#current === undefined) return;
    const { client } = this.#current;
    this.#current.letGo ??= client.hold();
    this.#heartbeat.set(performance.now() + this.#requestTimeoutMs, () => void this.#beat(client));
  }

  #unwatch(): void {
    this.#heartbeat.clear();
    this.#current?.letGo?.();
    delete this.#current?.letGo;
  }

  /** A connection of which one end is gone looks like one on which nothing happens. */
  async #beat(client: BoundedClient): Promise<void> {
    try {
      await client.ping();
      if (this.#holds > 0 && this.#current?.client === client) this.#watch();
    } catch (error) {
      this.giveUp(client, error as LockError);
    }
  }

  async #pause(delayMs: number): Promise<void> {
    const pause = this.#wake;
    const timer = setTimeout(() => pause.resolve(), delayMs);
    // Somebody who waits keeps the process alive; leases alone do not.
    if (this.#holds === 0) timer.unref();
    await pause.promise;
    clearTimeout(timer);
    this.#wake = new Deferred();
  }

  #assertOpen(): void {
    if (this.#closedBy !== undefined) throw this.#closedBy;
  }

  #move(to: State): void {
    if (!MOVES[this.#state].includes(to))
      throw new Error(`a session that is ${this.#state} cannot become ${to}`);
    this.#state = to;
  }
}
