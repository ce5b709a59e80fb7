import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import type { LockError } from '../errors.js';
import type { Address } from './address.js';
import { connectFailure, connectionLost, connectTimeoutFailure, disconnected } from './connect-failure.js';
import { CLOSE_LIMIT_MS, type Connection, type ConnectionEvents } from './connection.js';
import { ConnectionLife } from './connection-life.js';

/** Keeps a NAT or balancer from forgetting an idle connection; the least of their usual limits is a minute. */
const KEEP_ALIVE_AFTER_MS = 30_000;
/** As much as Node reads at once. */
const READ_BYTES = 64 * 1024;

/**
 * One connection to the TCP port of a node.
 *
 * TCP_NODELAY is on: ThingsDB's packages are small and wait for nobody.
 */
export class TcpConnection implements Connection {
  /** A node counts what still refers to a TCP connection: closing one that is owed answers harms nothing. */
  readonly mayCloseUnanswered = true;
  readonly #address: Address;
  readonly #events: ConnectionEvents;
  readonly #life: ConnectionLife;
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #socketError: Error | undefined;

  constructor(address: Address, connectTimeoutMs: number, events: ConnectionEvents) {
    this.#address = address;
    this.#events = events;
    this.#life = new ConnectionLife({
      connectTimeoutMs,
      onTimeout: () => this.#cut(connectTimeoutFailure(address, connectTimeoutMs)),
      onClose: events.onClose,
    });
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    this.#socket = connect({
      host: address.host,
      port: address.port,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS,
      // Past the readable stream, which for a small package costs more than all that is done with it here.
      onread: { buffer, callback: (size) => this.#receive(buffer.subarray(0, size)) },
    });
    this.#socket.setNoDelay(true);
    this.#closed = new Promise((resolve) => this.#socket.once('close', () => resolve()));
    this.#listen();
  }

  get opened(): Promise<void> {
    return this.#life.opened;
  }

  get isOpen(): boolean {
    return this.#life.isOpen;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get isClogged(): boolean {
    return this.#socket.writableLength > 0;
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  keepAlive(wanted: boolean): void {
    if (wanted) this.#socket.ref();
    else this.#socket.unref();
  }

  async close(): Promise<void> {
    const wasOpen = this.#life.isOpen;
    this.#life.end(disconnected(this.#address));
    const limit = setTimeout(() => this.#socket.destroy(), wasOpen ? CLOSE_LIMIT_MS : 0);
    // What comes in is not read any more by anybody, but its end is.
    this.#socket.end();
    this.#socket.resume();
    await this.#closed;
    clearTimeout(limit);
  }

  #listen(): void {
    this.#socket.once('connect', () => {
      this.#socket.unref();
      this.#life.open();
    });
    this.#socket.on('error', (error) => {
      if (this.#life.isOpening) this.#life.end(connectFailure(this.#address, error));
      this.#socketError ??= error;
    });
    this.#socket.on('close', () => {
      this.#life.end(connectionLost(this.#address, 'closed by the server', this.#socketError));
    });
  }

  /** @returns whether to read on: always, as what comes after the end is thrown away */
  #receive(bytes: Buffer): true {
    if (this.#life.isOver) return true;
    try {
      this.#events.onBytes(bytes);
    } catch (error) {
      this.#cut(error as LockError);
    }
    return true;
  }

  #cut(reason: LockError): void {
    this.#life.end(reason);
    this.#socket.destroy();
  }
}
