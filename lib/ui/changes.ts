import type { LockManager } from '../lock-manager.js';
import type { Lease } from '../lease.js';
import { MOST_TOLD, type ChangeAnswer, type ChangeRequest } from './messages.js';

/** What changes need of a manager. */
export type Changer = Pick<LockManager, 'query' | 'forceRelease' | 'requestRelease' | 'acquire'>;

/** Leases that the view may have stolen, and not released yet. */
const MOST_OURS = 100;
const STEAL_WITHIN_MS = 4_000;
const OTHERS: ChangeAnswer = {
  isDone: false,
  message: 'The holder has changed since this was opened: nothing was done.',
};

/** What an operator does to locks from a page. */
export class Changes {
  readonly #manager: Changer;
  readonly #touched: (name: string) => void;
  /** What was stolen, by name: held until it is released from a page, or the view ends. */
  readonly #ours = new Map<string, Lease>();
  readonly #stealing = new Set<string>();

  /** @param touched told when a name has become ours, or is no longer */
  constructor(manager: Changer, touched: (name: string) => void) {
    this.#manager = manager;
    this.#touched = touched;
  }

  isOurs(name: string): boolean {
    return this.#ours.has(name);
  }

  /** @throws LockError */
  async make({ kind, name, seen }: ChangeRequest): Promise<ChangeAnswer> {
    switch (kind) {
      case 'release':
        return this.#release(name, seen);
      case 'ask':
        return asked(await this.#manager.requestRelease(name));
      case 'steal':
        return this.#steal(name, seen);
    }
  }

  async #release(name: string, seen: readonly number[]): Promise<ChangeAnswer> {
    const own = this.#ours.get(name);
    if (own === undefined && !(await this.#isHeldAs(name, seen))) return OTHERS;
    const count = own === undefined ? await this.#manager.forceRelease(name) : Number(await own.release());
    if (own !== undefined) this.#forget(name, own);
    if (count === 0) return { isDone: false, message: 'Nobody holds it.' };
    return { isDone: true, message: own === undefined ? `Taken from ${holders(count)}.` : 'Given back.' };
  }

  /** Whether nobody holds it but who was seen. Of more holders than are told, one that was seen has to be left. */
  async #isHeldAs(name: string, seen: readonly number[]): Promise<boolean> {
    const { held } = await this.#manager.query(name);
    const wasSeen = ({ fencingToken }: { fencingToken: number }): boolean => seen.includes(fencingToken);
    return seen.length < MOST_TOLD ? held.every(wasSeen) : held.length === 0 || held.some(wasSeen);
  }

  async #steal(name: string, seen: readonly number[]): Promise<ChangeAnswer> {
    if (this.#ours.has(name) || this.#stealing.has(name)) {
      return { isDone: false, message: 'This view has it already.' };
    }
    if (this.#ours.size + this.#stealing.size >= MOST_OURS) {
      return { isDone: false, message: `This view has ${MOST_OURS} locks already: release one first.` };
    }
    this.#stealing.add(name);
    try {
      if (!(await this.#isHeldAs(name, seen))) return OTHERS;
      const lease = await this.#manager.acquire(name, { steal: true, waitTimeout: STEAL_WITHIN_MS });
      if (lease.signal.aborted) return { isDone: false, message: 'Stolen, and lost again at once.' };
      this.#ours.set(name, lease);
      lease.signal.addEventListener('abort', () => this.#forget(name, lease));
    } finally {
      this.#stealing.delete(name);
    }
    this.#touched(name);
    return { isDone: true, message: 'Stolen: this view holds it until it is released here.' };
  }

  #forget(name: string, lease: Lease): void {
    if (this.#ours.get(name) !== lease) return;
    this.#ours.delete(name);
    this.#touched(name);
  }
}

function asked(count: number): ChangeAnswer {
  if (count === 0) return { isDone: false, message: 'Nobody who could be asked holds it.' };
  return { isDone: true, message: `Asked ${holders(count)} to release it.` };
}

function holders(count: number): string {
  return count === 1 ? 'one holder' : `${count} holders`;
}
