import { setTimeout as sleep } from 'node:timers/promises';
import { LockError, LockLostError, type Lease, type LockManager } from '../../lib/index.js';
import { clockMs, type HistoryWriter, type ResourceKind } from './history.js';
import type { Round } from './round-plan.js';
import type { Parcel } from './taker-messages.js';

/** What whoever holds leases needs of its process. */
export interface LeaseOwner {
  readonly manager: LockManager;
  readonly history: HistoryWriter;
  doing(hand: number, what: 'resting' | 'waiting' | 'holding', ttlMs: number): void;
  write(resource: ResourceKind, name: string, token: number): Promise<boolean>;
  handOn(parcel: Parcel): void;
}

/** How a lease is used. */
export type Work = Pick<Round, 'names' | 'want' | 'limit' | 'ttlMs' | 'holdMs' | 'handOn'>;

/** Deadlines that differ by less are the same: the public `expiresAt` has whole milliseconds. */
const SAME_DEADLINE_MS = 3;

/** From a grant to its end: works under the lease, then gives it back or hands it on. Notes all of it. */
export class LeaseWork {
  readonly #owner: LeaseOwner;
  readonly #lease: Lease;
  readonly #work: Work;
  readonly #of: { readonly request: string; readonly token: number };
  #knownDeadlineMs = 0;

  constructor(owner: LeaseOwner, lease: Lease, work: Work, request: string) {
    this.#owner = owner;
    this.#lease = lease;
    this.#work = work;
    this.#of = { request, token: lease.fencingToken };
  }

  /** Notes the grant; to be called as soon as there is one. */
  begin(): void {
    const { atMs, remainingMs } = this.#left();
    this.#owner.history.record({ event: 'granted', ...this.#of, remainingMs }, atMs);
    this.#knownDeadlineMs = atMs + remainingMs;
  }

  /** Notes a lease that was renewed without an event (the answer to a pushed grant). */
  look(): void {
    const { atMs, remainingMs } = this.#left();
    if (atMs + remainingMs < this.#knownDeadlineMs + SAME_DEADLINE_MS) return;
    this.#knownDeadlineMs = atMs + remainingMs;
    this.#owner.history.record({ event: 'renewed', ...this.#of, remainingMs }, atMs);
  }

  /** What is left of it at a time; below 0: it has been over for so long. */
  #left(): { readonly atMs: number; readonly remainingMs: number } {
    // The clock first: a pause after it makes the lease look shorter than it is, never longer.
    const atMs = clockMs();
    // Not `remaining()`: it ends a lease that is over, and would hide a signal that does not.
    return { atMs, remainingMs: this.#lease.expiresAt.getTime() - Date.now() };
  }

  async run(): Promise<void> {
    const { history } = this.#owner;
    const { signal } = this.#lease;
    const told = (): void =>
      history.record({ event: 'signal-aborted', ...this.#of, reason: reasonOf(signal.reason) });
    if (signal.aborted) told();
    else signal.addEventListener('abort', told, { once: true });
    if (!signal.aborted) await this.#section(signal);
    const isHandedOn = this.#work.handOn !== 'no' && !signal.aborted && (await this.#handOn());
    if (isHandedOn) return;
    history.record({ event: 'releasing', ...this.#of });
    const result = await this.#lease.release().catch((error: unknown) => codeOf(error));
    history.record({ event: 'released', ...this.#of, result });
  }

  async #section(signal: AbortSignal): Promise<void> {
    const { history } = this.#owner;
    history.record({ event: 'section-entered', ...this.#of });
    const half = this.#work.holdMs / 2;
    await sleep(half, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) {
      await this.#write();
      await sleep(half, undefined, { signal }).catch(() => undefined);
    }
    history.record({ event: 'section-left', ...this.#of });
  }

  /** Whoever does not hold alone only reads. */
  async #write(): Promise<void> {
    const { names, limit } = this.#work;
    if (limit !== 1) return;
    const { token } = this.#of;
    const writes = names.flatMap((name) => [
      this.#owner.write('unguarded', name, token),
      this.#owner.write('guarded', name, token),
    ]);
    await Promise.all(writes);
  }

  /** Whether another process may go on with it now. */
  async #handOn(): Promise<boolean> {
    const { history } = this.#owner;
    const { names, want, limit, ttlMs, holdMs, handOn } = this.#work;
    history.record({ event: 'handing-on', ...this.#of });
    try {
      const text = await this.#lease.serialize();
      history.record({ event: 'handed-on', ...this.#of, result: true });
      const copies = { no: 0, lost: 0, one: 1, two: 2 }[handOn];
      this.#owner.handOn({ request: this.#of.request, text, copies, names, want, limit, ttlMs, holdMs });
      return true;
    } catch (error) {
      history.record({ event: 'handed-on', ...this.#of, result: codeOf(error) });
      return false;
    }
  }
}

/** The code of one of the library's errors; of any other its name, which no rule expects. */
export function codeOf(error: unknown): string {
  if (error instanceof LockError) return error.code;
  return error instanceof Error ? error.name : String(error);
}

function reasonOf(reason: unknown): string {
  return reason instanceof LockLostError ? reason.reason : codeOf(reason);
}
