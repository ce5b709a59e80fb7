import type { AcquireOptions, HeldLock, LockSession } from '../systems/lock-system.js';

/** Nothing that is measured is to end meanwhile, unless the workload says so. */
export const LONG: AcquireOptions = { ttlMs: 60_000, renew: true };

/** Requests that may be on their way at once. */
const AT_ONCE = 64;

/** A queue for one name that stays as long as it is. Whoever passes the name on asks for it again. */
export class PassedQueue {
  readonly #session: LockSession;
  readonly #name: string;
  #held: HeldLock | undefined;
  #granted: ((lock: HeldLock) => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;

  constructor(session: LockSession, name: string) {
    this.#session = session;
    this.#name = name;
  }

  async fill(waiters: number): Promise<void> {
    this.#held = await this.#session.acquire(this.#name, LONG);
    for (let waiter = 1; waiter <= waiters; waiter++) {
      this.#ask();
      if (waiter % AT_ONCE === 0 || waiter === waiters) await this.#answered();
    }
  }

  /** A server answers a connection in order: with this one the others stand in the queue. */
  async #answered(): Promise<void> {
    await (await this.#session.acquire(`behind ${this.#name}`, LONG)).release();
  }

  /** Resolves when the next one has the name. */
  async pass(): Promise<void> {
    const next = new Promise<HeldLock>((resolve, reject) => {
      this.#granted = resolve;
      this.#failed = reject;
    });
    const releasing = this.#held?.release();
    this.#ask();
    [this.#held] = await Promise.all([next, releasing]);
  }

  #ask(): void {
    this.#session.acquire(this.#name, LONG).then(
      (lock) => this.#granted?.(lock),
      (error: unknown) => this.#failed?.(error),
    );
  }
}
