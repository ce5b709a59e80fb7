import assert from 'node:assert';
import { ticketId } from './actions.js';
import { fits, holdersOf, isLent, waitingFor } from './lines.js';
import type { LockModel } from './lock-model.js';
import type { Answer, Message, Ticket } from './lock-state.js';
import { PROBE_US } from './queue-rules.js';

const WAITING = 1;

/** When those who wait will ask, by what they have been told: what the protocol makes of the answers and messages. */
export class Beliefs {
  readonly #asksAt = new Map<string, number>();
  readonly #unknown = new Set<string>();

  /** Told in a room that its process has yet to join: it asks as soon as it has. */
  unheard(key: string): void {
    this.#asksAt.delete(key);
    this.#unknown.add(key);
  }

  /** From an answer that a ticket waits: it asks when it was told to, but not later than it was going to anyhow. */
  answered(key: string, [state, told = 0]: Answer, at: number): void {
    if (state !== WAITING || this.#unknown.has(key)) return;
    const due = Number(told);
    assert.ok(due > at, `${key} is to ask at ${due}, before it was told to: it would ask without end`);
    const before = this.#asksAt.get(key) ?? 0;
    this.#asksAt.set(key, before >= Number(at) ? Math.min(before, due) : due);
  }

  told(messages: readonly Message[]): void {
    for (const { event, args } of messages) {
      if (event !== 'ask') continue;
      const key = ticketId(Number(args[0]));
      this.#unknown.delete(key);
      this.#asksAt.set(key, Number(args[2]));
    }
  }

  /**
   * After the server has gone back, it remembers to have told what others were told. They had the same ids, as ids are
   * used again here. There the sweeper comes first.
   */
  forget(model: LockModel): void {
    this.#asksAt.clear();
    for (const { key } of model.tickets()) this.#unknown.add(key);
  }

  /**
   * The next in line for a name asks by the end of the first lease on it. Whoever had to ask earlier has asked since.
   * Who would be granted if another process were dead asks soon, and by that whether it lives.
   */
  assertInTime(model: LockModel, at: number): void {
    for (const key of [...this.#asksAt.keys(), ...this.#unknown]) {
      // One that is set aside does not know it.
      if (model.tickets().some((ticket) => ticket.key === key && !ticket.lease)) continue;
      this.#asksAt.delete(key);
      this.#unknown.delete(key);
    }
    for (const [key, asksAt] of this.#asksAt) {
      const ticket = waiting(model, key);
      if (!ticket) continue;
      const isSoon = asksAt <= at + PROBE_US;
      assert.ok(
        isSoon || !isLent(model.state, ticket),
        `${key} asks at ${asksAt}: a lost question stays lost`,
      );
      if (!isBehindOneProcess(model, ticket)) continue;
      assert.ok(isSoon, `${key} asks at ${asksAt}: it does not see that it waits for the dead`);
    }
    for (const name of new Set(model.tickets().flatMap((ticket) => ticket.names))) {
      const dues = holdersOf(model.state, name).map(({ lease }) => lease.due);
      const asksAt = this.#asksAt.get(waitingFor(model.state, name)[0]?.key ?? '');
      if (dues.length === 0 || asksAt === undefined) continue;
      const first = Math.min(...dues);
      assert.ok(asksAt <= Math.max(at, first), `the next for ${name} asks at ${asksAt}, after ${first}`);
    }
  }
}

/** Of one id only one waits. */
function waiting(model: LockModel, key: string): Ticket | undefined {
  return model.tickets().find((ticket) => ticket.key === key && ticket.state === 'waiting');
}

/** It fits, and all in front of it, in each of its queues, are of one process, which is another than its own. */
function isBehindOneProcess({ state }: LockModel, ticket: Ticket): boolean {
  const inFront = ticket.names.map((name) => {
    const waiting = waitingFor(state, name);
    return waiting.slice(0, waiting.indexOf(ticket)).map(({ inbox }) => inbox);
  });
  const isOther = (inboxes: readonly (string | null)[]): boolean =>
    inboxes.every((inbox) => inbox !== null && inbox !== ticket.inbox && inbox === inboxes[0]);
  return inFront.flat().length > 0 && inFront.every(isOther) && fits(state, ticket);
}
