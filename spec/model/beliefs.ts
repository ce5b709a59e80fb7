import assert from 'node:assert';
import { ticketId } from './actions.js';
import type { LockModel } from './lock-model.js';
import type { Message, Status } from './lock-state.js';

/** When those who wait will ask, by what they have been told: what the protocol makes of the answers and messages. */
export class Beliefs {
  readonly #asksAt = new Map<string, number>();

  /** From an answer that a ticket waits: it asks when it was told to, but not later than it was going to anyhow. */
  answered(key: string, [state, at = 0, due = 0]: Status): void {
    if (state !== 1) return;
    const before = this.#asksAt.get(key) ?? 0;
    this.#asksAt.set(key, before >= Number(at) ? Math.min(before, Number(due)) : Number(due));
  }

  told(messages: readonly Message[]): void {
    for (const { event, args } of messages) {
      if (event === 'watch') this.#asksAt.set(ticketId(args[0] ?? NaN), args[2] ?? NaN);
    }
  }

  /** After the server has gone back, what it remembers to have told was told to others: there the sweeper comes first. */
  forget(): void {
    this.#asksAt.clear();
  }

  /**
   * The next in line asks by the time at which the lease in front ends; whoever had to ask earlier has asked since.
   * A grant that is not answered is the sweeper's: its end is told to nobody.
   */
  assertInTime(model: LockModel, at: number): void {
    for (const key of this.#asksAt.keys()) {
      if (model.ticket(key)?.lease !== null) this.#asksAt.delete(key);
    }
    for (const [name, { holder, waiting }] of model.state.queues) {
      const asksAt = this.#asksAt.get(waiting[0]?.key ?? '');
      if (!holder?.lease.isClaimed || asksAt === undefined) continue;
      const isInTime = asksAt <= Math.max(at, holder.lease.due);
      assert.ok(isInTime, `the next for ${name} asks at ${asksAt}, after ${holder.lease.due}`);
    }
  }
}
