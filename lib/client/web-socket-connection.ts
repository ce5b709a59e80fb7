import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { RawData, WebSocket } from 'ws';
import { LockProtocolError, type LockError } from '../errors.js';
import type { Address } from './address.js';
import {
  connectFailure,
  connectionLost,
  connectTimeoutFailure,
  disconnected,
  httpAnswerFailure,
} from './connect-failure.js';
import { CLOSE_LIMIT_MS, type Connection, type ConnectionEvents } from './connection.js';
import { ConnectionLife } from './connection-life.js';
import { HEADER_BYTES, MAX_BODY_BYTES } from './package-codec.js';

/** TLS for `wss://`, as `node:tls` takes it. */
export type TlsSettings = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'passphrase' | 'servername' | 'rejectUnauthorized'
>;

export interface WebSocketSettings {
  readonly address: Address;
  readonly connectTimeoutMs: number;
  readonly tls: TlsSettings | undefined;
}

const MAX_MESSAGE_BYTES = HEADER_BYTES + MAX_BODY_BYTES;

/**
 * One WebSocket. The package that speaks the protocol is loaded by the first one: most connections are TCP.
 *
 * TCP_NODELAY is on (`ws` sees to that): ThingsDB's packages are small and wait for nobody.
 */
export class WebSocketConnection implements Connection {
  /** A node (ThingsDB 1.9.3) can crash when a WebSocket closes before the changes that it asked for are made. */
  readonly mayCloseUnanswered = false;
  readonly #address: Address;
  readonly #events: ConnectionEvents;
  readonly #life: ConnectionLife;
  /** Settles when there is a socket that can be closed, or none will be. */
  readonly #started: Promise<void>;
  #ws: WebSocket | undefined;
  #tcp: Socket | undefined;
  #socketError: Error | undefined;

  constructor({ address, connectTimeoutMs, tls }: WebSocketSettings, events: ConnectionEvents) {
    this.#address = address;
    this.#events = events;
    this.#life = new ConnectionLife({
      connectTimeoutMs,
      onTimeout: () => this.#cut(connectTimeoutFailure(address, connectTimeoutMs)),
      onClose: events.onClose,
    });
    this.#started = this.#start(tls);
  }

  get opened(): Promise<void> {
    return this.#life.opened;
  }

  get isOpen(): boolean {
    return this.#life.isOpen;
  }

  get bytesRead(): number {
    return this.#tcp?.bytesRead ?? 0;
  }

  get isClogged(): boolean {
    return (this.#ws?.bufferedAmount ?? 0) > 0;
  }

  send(bytes: Uint8Array): void {
    this.#ws?.send(bytes);
  }

  keepAlive(wanted: boolean): void {
    if (wanted) this.#tcp?.ref();
    else this.#tcp?.unref();
  }

  async close(): Promise<void> {
    const wasOpen = this.#life.isOpen;
    this.#life.end(disconnected(this.#address));
    await this.#started;
    const ws = this.#ws;
    if (ws === undefined || ws.readyState === ws.CLOSED) return;
    const closed = new Promise((resolve) => ws.once('close', resolve));
    const limit = setTimeout(() => ws.terminate(), CLOSE_LIMIT_MS);
    if (wasOpen) ws.close(1000);
    else ws.terminate();
    await closed;
    clearTimeout(limit);
  }

  /** Never rejects. */
  async #start(tls: TlsSettings | undefined): Promise<void> {
    try {
      const { WebSocket } = await import('ws');
      if (this.#life.isOver) return;
      this.#ws = new WebSocket(this.#address.url, {
        ...tls,
        perMessageDeflate: false,
        maxPayload: MAX_MESSAGE_BYTES,
      });
      this.#listen(this.#ws);
    } catch (error) {
      this.#life.end(connectFailure(this.#address, error));
    }
  }

  #listen(ws: WebSocket): void {
    ws.on('upgrade', (response) => (this.#tcp = response.socket));
    ws.once('open', () => {
      this.#tcp?.unref();
      this.#life.open();
    });
    ws.on('unexpected-response', (request, response) => {
      this.#life.end(httpAnswerFailure(this.#address, response.statusCode));
      request.destroy();
    });
    ws.on('message', (data, isBinary) => this.#receive(data, isBinary));
    ws.on('error', (error) => {
      if (this.#life.isOpening) this.#life.end(connectFailure(this.#address, error));
      this.#socketError ??= error;
    });
    ws.on('close', (code) => {
      this.#life.end(connectionLost(this.#address, `closed by the server (code ${code})`, this.#socketError));
    });
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#life.isOver) return;
    try {
      if (!isBinary || !Buffer.isBuffer(data)) {
        throw new LockProtocolError('not a ThingsDB server: it sent text, where ThingsDB sends packages');
      }
      this.#events.onBytes(data);
    } catch (error) {
      this.#cut(error as LockError);
    }
  }

  #cut(reason: LockError): void {
    this.#life.end(reason);
    this.#ws?.terminate();
  }
}
