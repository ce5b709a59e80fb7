import { WebSocket as Ws } from 'ws';
import type { Socket } from './link.js';

/** A client's WebSocket: one package a message, always binary. */
export class WebSocket implements Socket {
  readonly #ws: Ws;

  constructor(ws: Ws) {
    this.#ws = ws;
  }

  send(bytes: Buffer): void {
    if (this.#ws.readyState === Ws.OPEN) this.#ws.send(bytes);
  }

  sendAndDestroy(part: Buffer): void {
    if (this.#ws.readyState === Ws.OPEN) this.#ws.send(part, { fin: false }, () => this.destroy());
    else this.destroy();
  }

  destroy(): void {
    this.#ws.terminate();
  }

  get waitingBytes(): number {
    return this.#ws.bufferedAmount;
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }
}
