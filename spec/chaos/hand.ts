import type { DistributedLock, Lease, LockManager } from '../../lib/index.js';
import { codeOf, LeaseWork, type LeaseOwner } from './lease-work.js';
import type { Round } from './round-plan.js';

/** One thing at a time: asks for a lock, works under it, gives it back. A process has several. */
export class Hand {
  readonly #owner: LeaseOwner;
  readonly #number: number;
  readonly #process: string;
  #requests = 0;
  #work: LeaseWork | undefined;

  constructor(owner: LeaseOwner, processName: string, number: number) {
    this.#owner = owner;
    this.#process = processName;
    this.#number = number;
  }

  /** `true` when it was granted, or the code of the rejection. */
  async play(round: Round, isFinal = false): Promise<true | string> {
    const request = `${this.#process}/${this.#number}.${++this.#requests}`;
    const lease = await this.#acquire(round, request, isFinal);
    if (typeof lease === 'string') return lease;
    const work = new LeaseWork(this.#owner, lease, round, request);
    work.begin();
    this.#work = work;
    try {
      this.#owner.doing(this.#number, 'holding', round.ttlMs);
      await work.run();
      return true;
    } finally {
      this.#work = undefined;
      this.#owner.doing(this.#number, 'resting', round.ttlMs);
    }
  }

  /** See {@link LeaseWork.look}. */
  look(): void {
    this.#work?.look();
  }

  async #acquire(round: Round, request: string, isFinal: boolean): Promise<Lease | string> {
    const { history, manager } = this.#owner;
    const {
      names,
      want,
      limit,
      ttlMs,
      autoRenew,
      isSteal,
      minHoldMs,
      lingerMs,
      waitTimeoutMs,
      abortAfterMs,
    } = round;
    const lock = lockOf(manager, round);
    lock.on('waiting', ({ position }) => {
      history.record({ event: 'waiting', request, position });
      this.#owner.doing(this.#number, 'waiting', ttlMs);
    });
    lock.on('extended', () => this.look());
    const signal = abortAfterMs === null ? undefined : AbortSignal.timeout(abortAfterMs);
    const terms = { names, want, limit, ttlMs, autoRenew, isSteal, minHoldMs, lingerMs };
    const asked = { ...terms, waitTimeoutMs, abortAfterMs };
    history.record({ event: 'requested', request, ...asked, adopts: null, isFinal });
    let [code, message] = ['busy', 'tryAcquire: null'];
    try {
      const count = isOfPermits(round) ? want : undefined;
      const lease = await (round.isTry ? lock.tryAcquire({ count }) : lock.acquire({ count, signal }));
      if (lease !== null) return lease;
    } catch (error) {
      [code, message] = [codeOf(error), String(error)];
    }
    history.record({ event: 'rejected', request, code, message });
    this.#owner.doing(this.#number, 'resting', ttlMs);
    return code;
  }
}

function lockOf(manager: LockManager, round: Round): DistributedLock {
  const { names, limit, ttlMs: ttl, autoRenew, isSteal: steal, waitTimeoutMs } = round;
  const { minHoldMs: minHold, lingerMs: linger } = round;
  const options = { ttl, autoRenew, minHold, linger, waitTimeout: waitTimeoutMs ?? undefined };
  if (isOfPermits(round)) return manager.semaphore(names[0] ?? '', { ...options, permits: round.limit });
  return manager.get(names, { ...options, steal, mode: limit === null ? 'shared' : 'exclusive' });
}

function isOfPermits(round: Round): round is Round & { readonly limit: number } {
  return round.limit !== null && round.limit > 1;
}
