import { holdersOf, placesFor } from './lines.js';
import { isPython, labelOf, type LockState, type Ticket } from './lock-state.js';

/** What the model says is stored, in the form of {@link ServerState.visible}. */
export function visibleOf(state: LockState): unknown {
  const names = new Set(state.tickets.flatMap((ticket) => ticket.names));
  const labels = (tickets: readonly Ticket[]): string[] => tickets.map(labelOf);
  return {
    token: state.lastToken,
    queues: Object.fromEntries(
      [...names].map((name) => [
        name,
        { held: labels(holdersOf(state, name)), waiting: labels(placesFor(state, name)) },
      ]),
    ),
    tickets: Object.fromEntries(
      state.tickets.map((ticket) => {
        const { key: _, entry: __, ttlUs, asksAt, isMissed, lease, ...about } = ticket;
        const waits = { ttlMs: ttlUs / 1000, ...(isPython(ticket) ? {} : { asksAt, isMissed }) };
        const { lingers = false } = ticket;
        return [labelOf(ticket), { ...about, lingers, ...(lease ?? waits) }];
      }),
    ),
    inboxes: Object.fromEntries([...state.inboxes].map(([id, inbox]) => [id, { ...inbox }])),
    tombstones: Object.fromEntries([...state.tombstones].map(([key, stone]) => [key, { ...stone }])),
    watches: Object.fromEntries(state.watches),
  };
}
