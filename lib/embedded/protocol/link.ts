import type { Clock } from '../engine/engine.js';
import type { Transport } from './connection.js';
import type { Faults } from './faults.js';

/** A socket as the links use it: both kinds, WebSocket and TCP, look like this. */
export interface Socket {
  send(bytes: Buffer): void;
  /** Sends a part of a package and then ends the connection. */
  sendAndDestroy(part: Buffer): void;
  destroy(): void;
  /** Bytes that were sent and that the client has not taken yet. */
  readonly waitingBytes: number;
  /** Stops and goes on reading. */
  pause(): void;
  resume(): void;
}

/** The most that waits for one client; it is cut off beyond. Three of the largest results. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** From this many waiting bytes on it matters how many wait for all clients together. */
const MANY_BYTES = 1024 * 1024;

/** What lies between a connection and its socket: here the ordered faults happen. */
export class Link implements Transport {
  readonly #socket: Socket;
  readonly #faults: Faults;
  readonly #clock: Clock;
  readonly #delayed = new Set<() => void>();
  #lastDueMs = 0;
  /** Bytes that a fault holds back. */
  #heldBytes = 0;
  readonly #isCrowded: () => boolean;
  #isFrozen = false;
  #isWaiting = false;

  /** @param isCrowded whether more bytes wait, for all clients together, than may */
  constructor(socket: Socket, faults: Faults, clock: Clock, isCrowded: () => boolean = () => false) {
    this.#isCrowded = isCrowded;
    this.#socket = socket;
    this.#faults = faults;
    this.#clock = clock;
    faults.add(this);
  }

  /** Bytes that were sent and have not been taken. */
  get waitingBytes(): number {
    return this.#heldBytes + this.#socket.waitingBytes;
  }

  send(bytes: Buffer): void {
    // A client that does not read would cost memory without end: every event of its rooms waits for it.
    const waiting = this.waitingBytes;
    if (waiting + bytes.length > MAX_WAITING_BYTES || (waiting > MANY_BYTES && this.#isCrowded())) {
      this.#socket.destroy();
      return;
    }
    this.#heldBytes += bytes.length;
    const latencyMs = this.#faults.latencyMs;
    if (latencyMs <= 0 && this.#delayed.size === 0) {
      this.#sendWhenRunning(bytes);
      return;
    }
    // Never before what was sent earlier, also when the latency has become less in between.
    this.#lastDueMs = Math.max(this.#lastDueMs, this.#clock.now() + latencyMs);
    const cancel = this.#clock.at(this.#lastDueMs, () => {
      this.#delayed.delete(cancel);
      this.#sendWhenRunning(bytes);
    });
    this.#delayed.add(cancel);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#isFrozen = true;
    this.#read();
  }

  resume(): void {
    this.#isFrozen = false;
    this.#read();
  }

  /** Others have their turn: nothing more is read from this client until it has its own. */
  set isWaiting(isWaiting: boolean) {
    this.#isWaiting = isWaiting;
    this.#read();
  }

  #read(): void {
    if (this.#isFrozen || this.#isWaiting) this.#socket.pause();
    else this.#socket.resume();
  }

  /** The socket is gone. */
  close(): void {
    for (const cancel of this.#delayed) cancel();
    this.#delayed.clear();
    this.#faults.remove(this);
  }

  #sendWhenRunning(bytes: Buffer): void {
    this.#faults.whenRunning(() => {
      this.#heldBytes -= bytes.length;
      const allowed = this.#faults.allow(bytes.length);
      if (allowed === bytes.length) this.#socket.send(bytes);
      else this.#socket.sendAndDestroy(bytes.subarray(0, allowed));
    });
  }
}
