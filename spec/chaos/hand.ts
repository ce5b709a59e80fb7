import { setTimeout as sleep } from 'node:timers/promises';
import {
  LockError,
  LockLostError,
  type DistributedLock,
  type Lease,
  type LockManager,
} from '../../lib/index.js';
import { clockMs, type HistoryWriter, type ResourceKind } from './history.js';
import type { Round } from './round-plan.js';

/** What a hand needs of its process. */
export interface HandOwner {
  readonly manager: LockManager;
  readonly history: HistoryWriter;
  doing(hand: number, what: 'resting' | 'waiting' | 'holding', ttlMs: number): void;
  write(resource: ResourceKind, name: string, token: number): Promise<boolean>;
}

/** Deadlines that differ by less are the same: the public `expiresAt` has whole milliseconds. */
const SAME_DEADLINE_MS = 3;

interface Held {
  readonly lease: Lease;
  readonly of: { readonly request: string; readonly token: number };
  knownDeadlineMs: number;
}

/** One thing at a time: asks for a lock, works under it, gives it back. A process has several. */
export class Hand {
  readonly #owner: HandOwner;
  readonly #number: number;
  readonly #process: string;
  #requests = 0;
  #held: Held | undefined;

  constructor(owner: HandOwner, processName: string, number: number) {
    this.#owner = owner;
    this.#process = processName;
    this.#number = number;
  }

  /** Resolves with whether the lock was granted, or the code of the rejection. */
  async play(round: Round, isFinal = false): Promise<true | string> {
    const request = `${this.#process}/${this.#number}.${++this.#requests}`;
    const of = { request };
    const lease = await this.#acquire(round, of, isFinal);
    if (typeof lease === 'string') return lease;
    try {
      await this.#work(lease, round, { ...of, token: lease.fencingToken });
      return true;
    } finally {
      this.#held = undefined;
      this.#owner.doing(this.#number, 'resting', round.ttlMs);
    }
  }

  /** Notes a lease that was renewed without an event (the answer to a pushed grant). */
  look(): void {
    if (this.#held === undefined) return;
    const { lease, of, knownDeadlineMs } = this.#held;
    const atMs = clockMs();
    // Not `remaining()`: it ends a lease that is over, and would hide a signal that does not.
    const remainingMs = lease.expiresAt.getTime() - Date.now();
    if (atMs + remainingMs < knownDeadlineMs + SAME_DEADLINE_MS) return;
    this.#held.knownDeadlineMs = atMs + remainingMs;
    this.#owner.history.record({ event: 'renewed', ...of, remainingMs }, atMs);
  }

  async #acquire(round: Round, of: { request: string }, isFinal: boolean): Promise<Lease | string> {
    const { history, manager } = this.#owner;
    const { names, want, limit, ttlMs, autoRenew, waitTimeoutMs, abortAfterMs } = round;
    const lock = lockOf(manager, round);
    lock.on('waiting', ({ position }) => {
      history.record({ event: 'waiting', ...of, position });
      this.#owner.doing(this.#number, 'waiting', ttlMs);
    });
    lock.on('extended', () => this.look());
    const signal = abortAfterMs === null ? undefined : AbortSignal.timeout(abortAfterMs);
    const asked = { names, want, limit, ttlMs, waitTimeoutMs, abortAfterMs, autoRenew, isFinal };
    history.record({ event: 'requested', ...of, ...asked });
    let [code, message] = ['busy', 'tryAcquire: null'];
    try {
      const permits = isOfPermits(round) ? want : undefined;
      const lease = await (round.isTry ? lock.tryAcquire({ permits }) : lock.acquire({ permits, signal }));
      if (lease !== null) return lease;
    } catch (error) {
      [code, message] = [codeOf(error), String(error)];
    }
    history.record({ event: 'rejected', ...of, code, message });
    this.#owner.doing(this.#number, 'resting', ttlMs);
    return code;
  }

  async #work(lease: Lease, round: Round, of: Held['of']): Promise<void> {
    const { history } = this.#owner;
    // The clock first: a pause after it makes the lease look shorter than it is, never longer.
    const atMs = clockMs();
    const remainingMs = lease.remaining();
    history.record({ event: 'granted', ...of, remainingMs }, atMs);
    this.#held = { lease, of, knownDeadlineMs: atMs + remainingMs };
    const { signal } = lease;
    const told = (): void =>
      history.record({ event: 'signal-aborted', ...of, reason: reasonOf(signal.reason) });
    if (signal.aborted) told();
    else signal.addEventListener('abort', told, { once: true });
    this.#owner.doing(this.#number, 'holding', round.ttlMs);
    if (!signal.aborted) await this.#section(round, of, signal);
    history.record({ event: 'releasing', ...of });
    const result = await lease.release().catch((error: unknown) => codeOf(error));
    history.record({ event: 'released', ...of, result });
  }

  async #section(round: Round, of: Held['of'], signal: AbortSignal): Promise<void> {
    const { history } = this.#owner;
    history.record({ event: 'section-entered', ...of });
    const half = round.holdMs / 2;
    await sleep(half, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) {
      await this.#writeUnder(round, of.token);
      await sleep(half, undefined, { signal }).catch(() => undefined);
    }
    history.record({ event: 'section-left', ...of });
  }

  /** Whoever does not hold alone only reads. */
  async #writeUnder({ names, limit }: Round, token: number): Promise<void> {
    if (limit !== 1) return;
    const writes = names.flatMap((name) => [
      this.#owner.write('unguarded', name, token),
      this.#owner.write('guarded', name, token),
    ]);
    await Promise.all(writes);
  }
}

function lockOf(manager: LockManager, round: Round): DistributedLock {
  const { names, limit, ttlMs: ttl, autoRenew, waitTimeoutMs } = round;
  const options = { ttl, autoRenew, waitTimeout: waitTimeoutMs ?? undefined };
  if (isOfPermits(round)) return manager.semaphore(names[0] ?? '', { ...options, permits: round.limit });
  return manager.get(names, { ...options, mode: limit === null ? 'shared' : 'exclusive' });
}

function isOfPermits(round: Round): round is Round & { readonly limit: number } {
  return round.limit !== null && round.limit > 1;
}

/** The code of one of the library's errors; of any other its name, which no rule expects. */
function codeOf(error: unknown): string {
  if (error instanceof LockError) return error.code;
  return error instanceof Error ? error.name : String(error);
}

function reasonOf(reason: unknown): string {
  return reason instanceof LockLostError ? reason.reason : codeOf(reason);
}
