import { LockConnectionError, LockOptionsError, LockProtocolError, type LockError } from '../errors.js';
import type { Address } from './address.js';
import { callSafely } from './call-safely.js';
import { disconnected } from './connect-failure.js';
import { AnnouncedForm } from './announcement.js';
import type { AnnouncedRuns } from './announcing-client.js';
import type { Connection, ConnectionEvents } from './connection.js';
import type { EmittingClient } from './emitting-client.js';
import type { ObservableConnection } from './observable-connection.js';
import { PackageReader, type Package } from './package-codec.js';
import { PackageType } from './package-type.js';
import { RequestTable, type OutgoingRequest } from './request-table.js';
import type { ThingsDBClient } from './thingsdb-client.js';

export interface ClientLimits {
  /** How long a request may take, in milliseconds. Default 5,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long opening the connection may take, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number | undefined;
}

/** Opens a connection; called once for each `connect()`. */
export type OpenConnection = (connectTimeoutMs: number, events: ConnectionEvents) => Connection;

type Listener = (type: number, message: unknown) => void;
type CloseCallback = (reason: LockError) => void;

/** A connection and what belongs to it alone: neither is used again after it. */
interface Link {
  readonly connection: Connection;
  readonly requests: RequestTable;
  /** Settles when {@link PackageClient.disconnect} is done with it. */
  closing?: Promise<void>;
}

const DEFAULT_LIMIT_MS = 5_000;
/** How long `disconnect()` waits for answers over a connection that a node does not take well to lose. */
const ANSWER_LIMIT_MS = 500;
/**
 * How long such a connection is kept for answers after that, when nobody waits for it any more. ThingsDB 1.9.3 makes no
 * change for 42 s where the number of one is missing, and as long again for the next.
 */
const LINGER_LIMIT_MS = 100_000;
/** Numbers 0 to 15 are messages that no one asked for. Those that are not ours to know are passed over. */
const LAST_PUSHED_TYPE = 15;

/**
 * A client for ThingsDB, whatever carries its packages.
 *
 * Every request settles: with its answer, or with an error. It is `ServerError` if the server refuses the request. It
 * is `LockConnectionError` when the connection ends, `disconnect()` included, or when the time limit passes. An answer
 * that comes later is ignored, but the request may have taken effect. It is `LockProtocolError` when what came was not
 * ThingsDB.
 *
 * It does not reconnect by itself; `connect()` may be called again once the connection has ended. An integer in an
 * answer is a `number` while that is exact and a `bigint` beyond 2^53 - 1. A `bigint` in a request is sent as an
 * integer. Messages reach listeners as they come in. One that follows an answer closely may be seen before whoever
 * awaits that answer goes on.
 */
export abstract class PackageClient implements ThingsDBClient, ObservableConnection, EmittingClient {
  readonly #address: Address;
  readonly #open: OpenConnection;
  readonly #connectTimeoutMs: number;
  readonly #requestTimeoutMs: number;
  readonly #listeners = new Set<Listener>();
  readonly #closeCallbacks = new Set<CloseCallback>();
  #link: Link | undefined;
  /** Those who have the process kept alive. */
  #users = 0;
  #hasPassedOver = false;
  #form: AnnouncedForm | undefined;
  #isAcknowledging = false;

  /** @throws LockOptionsError if a limit cannot be used */
  protected constructor(address: Address, limits: ClientLimits, open: OpenConnection) {
    this.#address = address;
    this.#open = open;
    this.#connectTimeoutMs = checkedLimit('connectTimeoutMs', limits.connectTimeoutMs);
    this.#requestTimeoutMs = checkedLimit('requestTimeoutMs', limits.requestTimeoutMs);
  }

  /**
   * @throws LockConnectionError if nothing can be reached there; its message says what to do. That it is ThingsDB
   *   shows with the first request.
   */
  async connect(): Promise<void> {
    if (this.#link !== undefined) {
      throw new LockConnectionError(`already connected, or connecting, to ${this.#address.shown}`);
    }
    const link = this.#newLink();
    this.#link = link;
    try {
      await link.connection.opened;
    } catch (error) {
      link.requests.end(error as LockError);
      if (this.#link === link) this.#link = undefined;
      throw error;
    }
    if (this.#users > 0) link.connection.keepAlive(true);
  }

  /**
   * Sends nothing more, rejects what is pending, and closes. Resolves within about two seconds, come what may.
   *
   * Where a node could suffer from it, a connection is not closed before its requests are answered. What is pending is
   * given half a second. The connection is given up to 100 seconds in the background, without keeping the process alive.
   */
  async disconnect(): Promise<void> {
    const link = this.#link;
    if (link === undefined) return;
    link.closing ??= this.#close(link);
    await link.closing;
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

  async emit(scope: string, roomId: number | bigint, event: string): Promise<void> {
    await this.#request({ type: PackageType.emit, body: [scope, roomId, event], label: `emit in ${scope}` });
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

  get bytesRead(): number {
    return this.#link?.connection.bytesRead ?? 0;
  }

  keepAlive(): () => void {
    let isNeeded = true;
    if (++this.#users === 1) this.#link?.connection.keepAlive(true);
    return () => {
      if (!isNeeded) return;
      isNeeded = false;
      if (--this.#users === 0) this.#link?.connection.keepAlive(false);
    };
  }

  /** For a transport that needs it: see announcer.ts. */
  protected announce(runs: AnnouncedRuns): void {
    this.#form = new AnnouncedForm(runs);
    this.#link?.requests.announce(this.#form);
  }

  /** Once whoever is told of what came in has had the chance to send something. */
  #acknowledgeSoon({ connection, requests }: Link): void {
    if (this.#form === undefined) return;
    requests.received();
    if (this.#isAcknowledging) return;
    this.#isAcknowledging = true;
    setImmediate(() => {
      this.#isAcknowledging = false;
      // What nobody waits for may come 40 ms late. Bytes for a server that reads none would only take memory.
      if (connection.isOpen && !connection.isClogged && (requests.isOwed || this.#users > 0))
        requests.acknowledge();
    });
  }

  #newLink(): Link {
    const reader = new PackageReader();
    const connection = this.#open(this.#connectTimeoutMs, {
      onBytes: (bytes) => {
        this.#acknowledgeSoon(link);
        reader.read(bytes, receive);
      },
      onClose: (reason) => this.#closed(link, reason),
    });
    const requests = new RequestTable(this.#requestTimeoutMs, (bytes) => connection.send(bytes));
    if (this.#form !== undefined) requests.announce(this.#form);
    const link: Link = { connection, requests };
    const receive = (message: Package): void => {
      // A listener may have disconnected: then what came with its message is not told any more.
      if (connection.isOpen) this.#receive(link, message);
    };
    return link;
  }

  async #close(link: Link): Promise<void> {
    const { connection, requests } = link;
    if (connection.isOpen && !connection.mayCloseUnanswered) {
      const isAnswered = await requests.answered(ANSWER_LIMIT_MS);
      if (!isAnswered && connection.isOpen) {
        this.#linger(link);
        return;
      }
    }
    await connection.close();
    if (this.#link === link) this.#link = undefined;
  }

  /** For everybody else it is over; it closes when the server owes nothing any more. */
  #linger(link: Link): void {
    const { connection, requests } = link;
    connection.keepAlive(false);
    this.#over(link, disconnected(this.#address));
    void requests.answered(LINGER_LIMIT_MS, { keepsAlive: false }).then(() => connection.close());
  }

  #request(request: OutgoingRequest): Promise<unknown> {
    const link = this.#link;
    if (link === undefined || link.closing !== undefined || !link.connection.isOpen) {
      const message = `${request.label} was not sent: not connected to ${this.#address.shown}`;
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
        if (link.closing !== undefined) return;
        if (message.fault !== undefined) {
          this.#passOver(message.fault);
          return;
        }
        for (const listener of [...this.#listeners]) callSafely(() => listener(message.type, body));
        return;
      default:
        if (message.type <= LAST_PUSHED_TYPE) return;
        throw new LockProtocolError(`not a ThingsDB server: it sent a package of type ${message.type}`);
    }
  }

  /** A listener has nothing to do with what cannot be read, and the connection is as good as before. */
  #passOver(fault: LockProtocolError): void {
    if (this.#hasPassedOver) return;
    this.#hasPassedOver = true;
    process.emitWarning(
      `thingsdb-lock: a message from ${this.#address.shown} is passed over, as those like it will be: ${fault.message}`,
    );
  }

  #closed(link: Link, reason: LockError): void {
    link.requests.end(reason);
    this.#over(link, reason);
  }

  /** Nobody uses this connection any more: told once. */
  #over(link: Link, reason: LockError): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    link.requests.rejectAll(reason);
    for (const callback of [...this.#closeCallbacks]) callSafely(() => callback(reason));
  }
}

function checkedLimit(name: string, valueMs: number | undefined): number {
  if (valueMs === undefined) return DEFAULT_LIMIT_MS;
  if (Number.isFinite(valueMs) && valueMs > 0) return valueMs;
  throw new LockOptionsError(`${name} must be a number of milliseconds above 0, not ${String(valueMs)}`);
}
