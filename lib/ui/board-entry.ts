import type { HeldInfo, LockInfo } from '../lock-info.js';
import { MOST_TOLD, type HolderView, type LockView, type WaiterView } from './messages.js';

/** A lease, as far as it is known. */
export interface Holder {
  readonly view: HolderView;
  /** The change of the board by which it was learned. */
  readonly learnedAt: number;
}

/** One name on the board: who holds and who waits. */
export class BoardEntry {
  readonly name: string;
  /** By fencing token. */
  readonly held = new Map<number, Holder>();
  waiting: readonly WaiterView[] = [];
  /** The change of the board by which the queue was last touched. */
  queueTouchedAt = 0;

  constructor(name: string) {
    this.name = name;
  }

  get isEmpty(): boolean {
    return this.held.size === 0 && this.waiting.length === 0;
  }

  /** Takes out the one of this owner that came nearest to this time. */
  withoutWaiter(owner: string, sinceMs: number): void {
    let nearest: WaiterView | undefined;
    const distance = (waiter: WaiterView): number => Math.abs(waiter.sinceMs - sinceMs);
    for (const waiter of this.waiting) {
      if (waiter.owner !== owner) continue;
      if (nearest === undefined || distance(waiter) < distance(nearest)) nearest = waiter;
    }
    this.waiting = this.waiting.filter((waiter) => waiter !== nearest);
  }

  view(isOurs: boolean): LockView {
    return {
      name: this.name,
      held: [...this.held.values()].slice(0, MOST_TOLD).map(({ view }) => view),
      heldCount: this.held.size,
      waiting: this.waiting.slice(0, MOST_TOLD),
      waitingCount: this.waiting.length,
      isOurs,
    };
  }
}

/** A lease as an answer tells it, which came at `nowMs`. */
export function holderView(info: HeldInfo, nowMs: number): HolderView {
  return {
    ...waiterView(info),
    fencingToken: info.fencingToken,
    endsMs: nowMs + info.remaining,
    lingers: info.lingers,
  };
}

export function waiterView({ owner, mode, count, permits, since }: LockInfo): WaiterView {
  return { owner, mode, count, permits, sinceMs: since.getTime() };
}

/** Two answers about the same lease differ by their ways here. More than that is a renewal. */
const SAME_END_MS = 250;

export function isSameLease(one: HolderView, other: HolderView): boolean {
  return (
    Math.abs(one.endsMs - other.endsMs) < SAME_END_MS &&
    one.lingers === other.lingers &&
    one.owner === other.owner
  );
}

export function isSameQueue(one: readonly WaiterView[], other: readonly WaiterView[]): boolean {
  const isTwin = (waiter: WaiterView, twin: WaiterView | undefined): boolean =>
    waiter.owner === twin?.owner && waiter.sinceMs === twin.sinceMs && waiter.count === twin.count;
  return one.length === other.length && one.every((waiter, i) => isTwin(waiter, other[i]));
}
