import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { WebSocket, type RawData } from 'ws';
import { LockConnectionError, LockProtocolError, type LockError } from '../errors.js';
import { connectFailure, connectTimeoutFailure, httpAnswerFailure } from './connect-failure.js';

/** TLS for `wss://`, as `node:tls` takes it. */
export type TlsOptions = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'servername' | 'rejectUnauthorized'
>;

export interface ConnectionSettings {
  readonly url: URL;
  readonly connectTimeoutMs: number;
  readonly tls: TlsOptions | undefined;
}

export interface ConnectionEvents {
  /** @throws LockProtocolError if this cannot come from ThingsDB; the connection is then closed with that reason */
  readonly onBytes: (bytes: Buffer) => void;
  /** The connection was open and is over: called once, before anything else can observe it. */
  readonly onClose: (reason: LockError) => void;
}

/** How long a server may take to answer the closing of a connection before the socket is cut. */
const CLOSE_LIMIT_MS = 1_000;
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;

/**
 * One WebSocket, from its opening to its end: it is never opened again.
 *
 * Once open it does not keep the process alive, unless {@link keepAlive} says so.
 * TCP_NODELAY is on (`ws` sees to that): ThingsDB's packages are small and wait for nobody.
 */
export class WebSocketConnection {
  /** Rejects with LockConnectionError when the connection cannot be opened, or is closed while it opens. */
  readonly opened: Promise<void>;
  readonly #address: string;
  readonly #ws: WebSocket;
  readonly #events: ConnectionEvents;
  readonly #closed: Promise<void>;
  #tcp: Socket | undefined;
  #state: 'opening' | 'open' | 'over' = 'opening';
  #socketError: Error | undefined;
  #failOpening: (error: Error) => void = () => undefined;

  constructor(settings: ConnectionSettings, events: ConnectionEvents) {
    this.#address = settings.url.origin;
    this.#events = events;
    this.#ws = new WebSocket(settings.url, {
      ...settings.tls,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
    });
    this.#closed = new Promise((resolve) => this.#ws.once('close', () => resolve()));
    this.opened = this.#open(settings);
    this.#listen();
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  send(bytes: Uint8Array): void {
    this.#ws.send(bytes);
  }

  /** Whether the process must not end while this connection is open. */
  keepAlive(wanted: boolean): void {
    if (wanted) this.#tcp?.ref();
    else this.#tcp?.unref();
  }

  /** Lets what was sent go out, then closes; resolves when it is closed, after {@link CLOSE_LIMIT_MS} at the latest. */
  async close(): Promise<void> {
    const wasOpen = this.#state === 'open';
    this.#end(new LockConnectionError(`the connection to ${this.#address} was closed by disconnect()`));
    if (!wasOpen) {
      this.#ws.terminate();
      return this.#closed;
    }
    const limit = setTimeout(() => this.#ws.terminate(), CLOSE_LIMIT_MS);
    this.#ws.close(1000);
    await this.#closed;
    clearTimeout(limit);
  }

  #open({ connectTimeoutMs }: ConnectionSettings): Promise<void> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#end(connectTimeoutFailure(this.#address, connectTimeoutMs));
        this.#ws.terminate();
      }, connectTimeoutMs);
      this.#failOpening = (error) => {
        clearTimeout(limit);
        reject(error);
      };
      this.#ws.once('open', () => {
        clearTimeout(limit);
        this.#state = 'open';
        this.#tcp?.unref();
        resolve();
      });
    });
  }

  #listen(): void {
    this.#ws.on('upgrade', (response) => (this.#tcp = response.socket));
    this.#ws.on('unexpected-response', (request, response) => {
      this.#end(httpAnswerFailure(this.#address, response.statusCode));
      request.destroy();
    });
    this.#ws.on('message', (data, isBinary) => this.#receive(data, isBinary));
    this.#ws.on('error', (error) => {
      if (this.#state === 'opening') this.#end(connectFailure(this.#address, error));
      this.#socketError ??= error;
    });
    this.#ws.on('close', (code) => {
      const cause = this.#socketError;
      const why = cause === undefined ? `closed by the server (code ${code})` : `lost: ${cause.message}`;
      this.#end(new LockConnectionError(`the connection to ${this.#address} was ${why}`, cause && { cause }));
    });
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#state === 'over') return;
    try {
      if (!isBinary || !Buffer.isBuffer(data)) {
        throw new LockProtocolError('not a ThingsDB server: it sent text, where ThingsDB sends packages');
      }
      this.#events.onBytes(data);
    } catch (error) {
      this.#end(error as LockError);
      this.#ws.terminate();
    }
  }

  #end(reason: LockError): void {
    const was = this.#state;
    this.#state = 'over';
    if (was === 'opening') this.#failOpening(reason);
    if (was === 'open') this.#events.onClose(reason);
  }
}
