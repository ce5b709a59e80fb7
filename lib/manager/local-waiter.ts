import type { Outcome } from '../request/commands.js';
import type { Sleeper } from './alarms.js';
import type { LockTeller } from './event-relay.js';
import type { HeldLease } from './held-lease.js';
import type { Terms } from '../request/request.js';

/** What a task of this process has waited for: a lease, a request, or the reason why there is none. */
export type Found = HeldLease | Outcome;

/** One of this process's tasks that waits for a lease of its own process. */
export class LocalWaiter implements Sleeper {
  readonly found: Promise<Found>;
  readonly terms: Terms;
  readonly teller: LockTeller;
  readonly startedMs: number;
  /** Whether it was asked for inside of a section, which waits for it. */
  readonly isInner: boolean;
  /** It was told that it waits. */
  isTold: boolean;
  /** When it gives up. */
  wakeAtMs = Infinity;
  place = -1;
  readonly #end: (waiter: LocalWaiter, outcome: Outcome) => void;
  #find!: (found: Found) => void;

  /** @param end takes it out of the line, and has it {@link find} this outcome */
  constructor(
    { terms, teller, startedMs, isInner }: Pick<LocalWaiter, 'terms' | 'teller' | 'startedMs' | 'isInner'>,
    end: (waiter: LocalWaiter, outcome: Outcome) => void,
  ) {
    this.terms = terms;
    this.teller = teller;
    this.startedMs = startedMs;
    this.isInner = isInner;
    this.isTold = false;
    this.#end = end;
    this.found = new Promise((resolve) => (this.#find = resolve));
  }

  /** It waits no more. */
  find(found: Found): void {
    this.#find(found);
  }

  /** Its caller wants it no more; without effect on one that waits no more. */
  giveUp(reason: unknown): void {
    this.#end(this, { kind: 'failed', error: reason });
  }

  wake(): void {
    const waitedMs = this.wakeAtMs - this.startedMs;
    this.#end(this, { kind: 'timed-out', waitedMs, ahead: undefined, cause: undefined });
  }
}
