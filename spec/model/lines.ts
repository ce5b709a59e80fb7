/** Who is in line for what, and what that means: questions to the model's state, which none of them changes. */

import type { Holder, LockState, Ticket, Wish } from './lock-state.js';
import { isWaiting } from './lock-state.js';

/** How long to wait with a question where nothing can be said about when. */
const ASK_AGAIN_US = 1_000_000;

type State = Pick<LockState, 'tickets'>;

/** Who holds a name, in the order of their grants. */
export function holdersOf({ tickets }: State, name: string): Holder[] {
  return tickets
    .filter((ticket): ticket is Holder => ticket.lease !== null && ticket.names.includes(name))
    .sort((a, b) => a.lease.token - b.lease.token);
}

/** Who waits for a name, first come first; those of processes that did not answer are passed over. */
export function waitingFor(state: State, name: string): Ticket[] {
  return placesFor(state, name).filter(isWaiting);
}

/** Who has a place in line for a name, first come first. */
export function placesFor({ tickets }: State, name: string): Ticket[] {
  return tickets.filter((ticket) => ticket.lease === null && ticket.names.includes(name));
}

/** Together with those who hold, within the limit of everyone: of each name. */
export function fits(state: State, { names, units, limit }: Wish): boolean {
  return names.every((name) => {
    const holders = holdersOf(state, name);
    const taken = holders.reduce((sum, holder) => sum + holder.units, 0);
    return taken + units <= Math.min(limit, ...holders.map((holder) => holder.limit));
  });
}

/** A newcomer is granted at once if nobody waits in front of it, and it fits. */
export function isFree(state: State, wish: Wish): boolean {
  return wish.names.every((name) => waitingFor(state, name).length === 0) && fits(state, wish);
}

/** Those who are first in line for each of their names, and fit. No two of them are in line for the same name. */
export function grantable(state: State): Ticket[] {
  const isFirst = (ticket: Ticket): boolean =>
    ticket.names.every((name) => waitingFor(state, name)[0] === ticket);
  return state.tickets.filter((ticket) => isWaiting(ticket) && isFirst(ticket) && fits(state, ticket));
}

/** Head-of-line blocking: it fits, and only its place behind somebody of another process keeps it waiting. Python is not probed. */
export function isBlocked(state: State, ticket: Ticket): boolean {
  const heads = ticket.names.map((name) => waitingFor(state, name)[0]);
  if (!isWaiting(ticket)) return false;
  const isOther = (head: Ticket | undefined): boolean => head?.inbox !== null && head?.inbox !== ticket.inbox;
  const mayBeDead = heads.filter((head) => head !== ticket);
  return ticket.inbox !== null && mayBeDead.length > 0 && mayBeDead.every(isOther) && fits(state, ticket);
}

/** It is first in line for a name that its holder may keep between uses. */
export function isLent(state: State, ticket: Ticket): boolean {
  return ticket.names.some(
    (name) =>
      waitingFor(state, name)[0] === ticket && holdersOf(state, name).some(({ lingers }) => lingers === true),
  );
}

/** Those whom the first in line for a name blocks: it may be dead. */
export function blockedBy(state: State, name: string): Ticket[] {
  const [first, ...others] = waitingFor(state, name);
  if (!first || first.inbox === null) return [];
  return others.filter((other) => other.inbox !== first.inbox && isBlocked(state, other));
}

/**
 * When the first lease ends that is in the way of somebody in line for these names: when to ask. What is in the way of
 * those who are first in line, where nobody holds the names. Each of them may be waited for, so there may be several
 * answers. That it has ended is for them to ask about; who is behind them looks again a little later.
 */
export function inTheWay(state: State, at: number, names: readonly string[]): number[] {
  const own = firstEnd(state, names);
  if (own.length > 0) return own;
  const dues = firstInLine(state, names).flatMap((ticket) => endsBehind(state, ticket, new Set()));
  // Of one that is set aside nobody may be in the way.
  if (dues.length === 0) return [at + ASK_AGAIN_US];
  return dues.map((due) => (due <= at ? at + ASK_AGAIN_US : due));
}

function endsBehind(state: State, ticket: Ticket, seen: ReadonlySet<Ticket>): number[] {
  if (seen.has(ticket)) return [];
  const own = firstEnd(state, ticket.names);
  if (own.length > 0) return own;
  return firstInLine(state, ticket.names).flatMap((one) =>
    endsBehind(state, one, new Set([...seen, ticket])),
  );
}

function firstEnd(state: State, names: readonly string[]): number[] {
  const dues = names.flatMap((name) => holdersOf(state, name).map(({ lease }) => lease.due));
  return dues.length > 0 ? [Math.min(...dues)] : [];
}

function firstInLine(state: State, names: readonly string[]): Ticket[] {
  return names.flatMap((name) => waitingFor(state, name).slice(0, 1));
}
