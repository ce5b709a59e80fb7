import type { Socket as NetSocket } from 'node:net';
import type { Socket } from './link.js';

/** A client's plain TCP connection. */
export class TcpSocket implements Socket {
  readonly #socket: NetSocket;

  /**
   * @param noDelay a real node leaves Nagle's algorithm on. That costs 40 ms at a time, which in most tests is only
   *   waiting.
   */
  constructor(socket: NetSocket, noDelay: boolean) {
    this.#socket = socket;
    socket.setNoDelay(noDelay);
  }

  send(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  sendAndDestroy(part: Buffer): void {
    if (this.#socket.writable) this.#socket.write(part, () => this.destroy());
    else this.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}
