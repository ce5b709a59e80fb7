/** What anybody may see of the queues: lock_query. */

import { holdersOf, placesFor, waitingFor } from './lines.js';
import type { LockState, Ticket } from './lock-state.js';

/** `[name, is held, units, limit, owner, since, due, token, ahead, lingers]` */
type Entry = readonly (number | string | boolean)[];

/** Names that somebody is in the queue of, in order. */
export function namesAfter({ tickets }: LockState, after: string): string[] {
  const names = new Set(tickets.flatMap((ticket) => ticket.names));
  return [...names].filter((name) => name > after).sort();
}

export function entriesOf(state: LockState, name: string): Entry[] {
  const about = ({ units, limit, owner, since }: Ticket): Entry => [units, limit, owner, since];
  return [
    ...holdersOf(state, name).map((holder) => [
      ...[name, true, ...about(holder)],
      ...[holder.lease.due, holder.lease.token, 0, holder.lingers ?? false],
    ]),
    ...waitingFor(state, name).map((ticket) => [
      ...[name, false, ...about(ticket)],
      ...[
        0,
        0,
        holdersOf(state, name).length + waitingFor(state, name).indexOf(ticket),
        ticket.lingers ?? false,
      ],
    ]),
  ];
}

/** How many are in front of one who waits: those who hold, and those of silent processes, included. */
export function aheadOf(state: LockState, ticket: Ticket, name: string): number {
  return holdersOf(state, name).length + placesFor(state, name).indexOf(ticket);
}
