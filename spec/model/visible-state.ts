import { holdersOf, waitingFor } from './lines.js';
import type { LockState, Ticket } from './lock-state.js';

/** What the model says is stored, in the form of {@link ServerState.visible}. */
export function visibleOf(state: LockState): unknown {
  const names = new Set(state.tickets.flatMap((ticket) => ticket.names));
  const keys = (tickets: readonly Ticket[]): string[] => tickets.map(({ key }) => key);
  return {
    token: state.lastToken,
    queues: Object.fromEntries(
      [...names].map((name) => [
        name,
        { held: keys(holdersOf(state, name)), waiting: keys(waitingFor(state, name)) },
      ]),
    ),
    tickets: Object.fromEntries(
      state.tickets.map(({ key, entry: _, ttlUs, asksAt, lease, ...ticket }) => [
        key,
        { ...ticket, ttlMs: ttlUs / 1000, ...(lease ?? { asksAt }) },
      ]),
    ),
    inboxes: Object.fromEntries([...state.inboxes].map(([id, inbox]) => [id, { ...inbox }])),
    withdrawn: Object.fromEntries([...state.withdrawn].map(([key, memory]) => [key, { ...memory }])),
    watches: Object.fromEntries(state.watches),
  };
}
