import { LockConnectionError, LockOptionsError, LockProtocolError, type LockError } from '../errors.js';
import { callSafely } from './call-safely.js';
import type { ObservableConnection } from './observable-connection.js';
import { PackageReader, type Package } from './package-codec.js';
import { PackageType } from './package-type.js';
import { RequestTable, type OutgoingRequest } from './request-table.js';
import type { ThingsDBClient } from './thingsdb-client.js';
import { WebSocketConnection, type ConnectionSettings, type TlsOptions } from './web-socket-connection.js';

export interface WebSocketClientOptions {
  /** How long a request may take, in milliseconds. Default 5,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long opening the connection may take, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** For `wss://`: certificate authority, client certificate and so on, as `node:tls` takes them. */
  readonly tls?: TlsOptions | undefined;
}

type Listener = (type: number, message: unknown) => void;
type CloseCallback = (reason: LockError) => void;

/** A connection and what belongs to it alone: neither is used again after it. */
interface Link {
  readonly connection: WebSocketConnection;
  readonly requests: RequestTable;
  isClosing: boolean;
}

const DEFAULT_LIMIT_MS = 5_000;
const ANSWER_LIMIT_MS = 500;
/** Node numbers 0 to 15 are messages that no one asked for; those that are not ours to know are passed over. */
const LAST_PUSHED_TYPE = 15;

/**
 * A client for ThingsDB over a WebSocket.
 *
 * Every request settles: with its answer; with `ServerError` if the server refuses it; with `LockConnectionError` when
 * its time limit passes (an answer that comes later is ignored, but the request may have taken effect) or when the
 * connection ends, `disconnect()` included; with `LockProtocolError` when what came was not ThingsDB.
 *
 * It does not reconnect by itself; `connect()` may be called again once the connection has ended. An integer in an
 * answer is a `number` while that is exact and a `bigint` beyond 2^53 - 1; a `bigint` in a request is sent as an integer.
 * Messages reach listeners as they come in: one that follows an answer closely may be seen before whoever awaits that
 * answer goes on.
 *
 * @example
 * const client = new WebSocketClient('ws://127.0.0.1:9270');
 * await client.connect();
 * await client.auth('admin', 'pass');
 * await client.query('//stuff', '.greeting = text;', { text: 'hello' });
 */
export class WebSocketClient implements ThingsDBClient, ObservableConnection {
  readonly #settings: ConnectionSettings;
  readonly #requestTimeoutMs: number;
  readonly #listeners = new Set<Listener>();
  readonly #closeCallbacks = new Set<CloseCallback>();
  #link: Link | undefined;
  #holds = 0;

  /**
   * @param url `ws://host:port` or `wss://host:port`
   * @throws LockOptionsError if the address or an option cannot be used
   */
  constructor(url: string, options: WebSocketClientOptions = {}) {
    const parsed = parsedUrl(url);
    if (options.tls !== undefined && parsed.protocol !== 'wss:') {
      throw new LockOptionsError(`tls is given, but ${parsed.host} is to be reached without it: use wss://`);
    }
    this.#settings = {
      url: parsed,
      connectTimeoutMs: checkedLimit('connectTimeoutMs', options.connectTimeoutMs),
      tls: options.tls,
    };
    this.#requestTimeoutMs = checkedLimit('requestTimeoutMs', options.requestTimeoutMs);
  }

  /**
   * @throws LockConnectionError if nothing that speaks WebSocket can be reached there; its message says what to do.
   *   That it is ThingsDB shows with the first request.
   */
  async connect(): Promise<void> {
    if (this.#link !== undefined) {
      throw new LockConnectionError(`already connected, or connecting, to ${this.#settings.url.origin}`);
    }
    const reader = new PackageReader();
    const link: Link = {
      connection: new WebSocketConnection(this.#settings, {
        onBytes: (bytes) => {
          for (const message of reader.push(bytes)) {
            // A listener may have disconnected: then what came with its message is not told any more.
            if (this.#link === link) this.#receive(link, message);
          }
        },
        onClose: (reason) => this.#closed(link, reason),
      }),
      requests: new RequestTable(this.#requestTimeoutMs, (bytes) => link.connection.send(bytes)),
      isClosing: false,
    };
    this.#link = link;
    try {
      await link.connection.opened;
    } catch (error) {
      link.requests.rejectAll(error as LockError);
      if (this.#link === link) this.#link = undefined;
      throw error;
    }
    if (this.#holds > 0) link.connection.keepAlive(true);
  }

  /**
   * Sends nothing more, gives the server a moment to answer what it was sent, and closes; what is then pending is
   * rejected. Resolves within about two seconds, come what may.
   */
  async disconnect(): Promise<void> {
    const link = this.#link;
    if (link === undefined) return;
    link.isClosing = true;
    // A node of a cluster (ThingsDB 1.9.3) can crash when a WebSocket closes before the change it asked for is made.
    await link.requests.answered(ANSWER_LIMIT_MS);
    if (this.#link === link) this.#link = undefined;
    await link.connection.close();
  }

  async auth(username: string, password: string): Promise<void> {
    await this.#request({ type: PackageType.auth, body: [username, password], label: 'auth' });
  }

  async authToken(token: string): Promise<void> {
    await this.#request({ type: PackageType.auth, body: token, label: 'auth' });
  }

  async ping(): Promise<void> {
    await this.#request({ type: PackageType.ping, label: 'ping' });
  }

  query(scope: string, code: string, vars?: Record<string, unknown>): Promise<unknown> {
    const body = vars === undefined ? [scope, code] : [scope, code, vars];
    return this.#request({ type: PackageType.query, body, label: `query in ${scope}` });
  }

  run(scope: string, procedure: string, args?: unknown[]): Promise<unknown> {
    const body = args === undefined ? [scope, procedure] : [scope, procedure, args];
    return this.#request({ type: PackageType.run, body, label: `run ${procedure} in ${scope}` });
  }

  join(scope: string, ...roomIds: number[]): Promise<(number | null)[]> {
    const request = { type: PackageType.join, body: [scope, ...roomIds], label: `join in ${scope}` };
    return this.#request(request) as Promise<(number | null)[]>;
  }

  leave(scope: string, ...roomIds: number[]): Promise<(number | null)[]> {
    const request = { type: PackageType.leave, body: [scope, ...roomIds], label: `leave in ${scope}` };
    return this.#request(request) as Promise<(number | null)[]>;
  }

  addEventListener(callback: Listener): void {
    this.#listeners.add(callback);
  }

  removeEventListener(callback: Listener): void {
    this.#listeners.delete(callback);
  }

  onClose(callback: CloseCallback): () => void {
    this.#closeCallbacks.add(callback);
    return () => void this.#closeCallbacks.delete(callback);
  }

  hold(): () => void {
    let isHeld = true;
    if (++this.#holds === 1) this.#link?.connection.keepAlive(true);
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (--this.#holds === 0) this.#link?.connection.keepAlive(false);
    };
  }

  #request(request: OutgoingRequest): Promise<unknown> {
    const link = this.#link;
    if (link === undefined || link.isClosing || !link.connection.isOpen) {
      const message = `${request.label} was not sent: not connected to ${this.#settings.url.origin}`;
      return Promise.reject(new LockConnectionError(message));
    }
    return link.requests.send(request);
  }

  #receive(link: Link, message: Package): void {
    const body = message.body ?? null;
    switch (message.type) {
      case PackageType.pong:
      case PackageType.ok:
      case PackageType.data:
      case PackageType.error:
        link.requests.settle(message);
        return;
      case PackageType.nodeStatus:
      case PackageType.warning:
      case PackageType.roomJoin:
      case PackageType.roomLeave:
      case PackageType.roomEmit:
      case PackageType.roomDelete:
        if (link.isClosing) return;
        for (const listener of [...this.#listeners]) callSafely(() => listener(message.type, body));
        return;
      default:
        if (message.type <= LAST_PUSHED_TYPE) return;
        throw new LockProtocolError(`not a ThingsDB server: it sent a package of type ${message.type}`);
    }
  }

  #closed(link: Link, reason: LockError): void {
    if (this.#link === link) this.#link = undefined;
    link.requests.rejectAll(reason);
    for (const callback of [...this.#closeCallbacks]) callSafely(() => callback(reason));
  }
}

function parsedUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'ws:' || parsed?.protocol === 'wss:') {
    parsed.hash = '';
    return parsed;
  }
  // Without what may be a password in it.
  const shown = parsed === undefined ? JSON.stringify(url) : `${parsed.protocol}//${parsed.host}`;
  throw new LockOptionsError(
    `not the address of a ThingsDB node: ${shown}; use ws://host:port or wss://host:port`,
  );
}

function checkedLimit(name: string, valueMs: number | undefined): number {
  if (valueMs === undefined) return DEFAULT_LIMIT_MS;
  if (Number.isFinite(valueMs) && valueMs > 0) return valueMs;
  throw new LockOptionsError(`${name} must be a number of milliseconds above 0, not ${String(valueMs)}`);
}
