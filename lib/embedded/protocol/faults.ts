import type { Clock } from '../engine/engine.js';
import type { Link } from './link.js';

/** The faults that a test can order of the embedded server's network and process. */
export interface FaultOrders {
  /** Every package that the server sends leaves it this many milliseconds later, in order. 0 ends it. */
  latency(ms: number): void;
  /**
   * Stops the server as SIGSTOP stops a process. Connections stay open and take bytes, but nothing is read or answered.
   * Tasks do not run, and a client that leaves is not noticed. Time goes on.
   */
  freeze(): void;
  /** Goes on where {@link freeze} stopped: what came in is handled now, in order, and tasks that are due run. */
  thaw(): void;
  /**
   * Lets the server send `bytes` more bytes, over all its connections together. Then it cuts the connection that would
   * go beyond, in the middle of a package where it falls so. With 0 the next answer is lost although its request was
   * carried out. Happens once.
   */
  dropAfter(bytes: number): void;
  /** While `on`, new connections are reset at once; those that exist stay. */
  refuseConnections(on: boolean): void;
  /** Cuts every connection, without a good-bye. */
  cutConnections(): void;
}

/** Carries the orders out: the server and its links ask this object what they may do. */
export class Faults implements FaultOrders {
  readonly #links = new Set<Link>();
  readonly #held: (() => void)[] = [];
  #latencyMs = 0;
  #isFrozen = false;
  #isRefusing = false;
  #bytesLeft = Number.POSITIVE_INFINITY;

  get latencyMs(): number {
    return this.#latencyMs;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  get isRefusing(): boolean {
    return this.#isRefusing;
  }

  latency(ms: number): void {
    this.#latencyMs = ms;
  }

  freeze(): void {
    this.#isFrozen = true;
    for (const link of this.#links) link.pause();
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const action of this.#held.splice(0)) this.whenRunning(action);
    for (const link of this.#links) link.resume();
  }

  dropAfter(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  refuseConnections(on: boolean): void {
    this.#isRefusing = on;
  }

  cutConnections(): void {
    for (const link of [...this.#links]) link.destroy();
  }

  /** Runs the action now, or once the server is no longer frozen. */
  whenRunning(action: () => void): void {
    if (this.#isFrozen) this.#held.push(action);
    else action();
  }

  /** How many of the next `wanted` bytes may be sent; fewer than `wanted` means: send these and cut. */
  allow(wanted: number): number {
    if (wanted <= this.#bytesLeft) {
      this.#bytesLeft -= wanted;
      return wanted;
    }
    const allowed = this.#bytesLeft;
    this.#bytesLeft = Number.POSITIVE_INFINITY;
    return allowed;
  }

  add(link: Link): void {
    this.#links.add(link);
    if (this.#isFrozen) link.pause();
  }

  remove(link: Link): void {
    this.#links.delete(link);
  }

  /** A clock whose callbacks wait while the server is frozen. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      at: (atMs, callback) => {
        let isCancelled = false;
        const cancel = clock.at(atMs, () =>
          this.whenRunning(() => {
            if (!isCancelled) callback();
          }),
        );
        return () => {
          isCancelled = true;
          cancel();
        };
      },
    };
  }
}
