import { eventsNamed, type Reading } from '../reading.js';
import { excess, INBOX_KEPT_MS } from '../remains.js';
import type { Violation } from '../violation.js';

/**
 * After all have let go nobody holds or waits. What is remembered for a while, of the dead and of requests that were
 * withdrawn, is no more and no longer than it may be, each in the index once, with one sweeper to end it.
 */
export function checkLeft(run: Reading): Violation[] {
  const [end] = eventsNamed(run.records, 'state-left');
  if (end === undefined) {
    const unread = eventsNamed(run.records, 'state-unread');
    const why = unread.map(({ message }) => `: ${message}`).join('');
    return [{ rule: 'left', what: `what is left was not seen${why}`, records: unread }];
  }
  const exits = eventsNamed(run.records, 'exited');
  const lastExitMs = exits.at(-1)?.atMs ?? end.atMs;
  const endedLately = run.requests.filter((request) => {
    const endMs = (request.rejected ?? request.released)?.atMs;
    // The dead withdraw nothing.
    return endMs !== undefined && endMs > end.atMs - INBOX_KEPT_MS;
  });
  const wrong = excess(end.left, {
    dead: exits.filter((exit) => exit.end !== 0).length,
    endedLately: endedLately.length,
    restedMs: end.atMs - lastExitMs,
  });
  return wrong.map((what) => ({ rule: 'left', what: `left in the collection: ${what}`, records: [end] }));
}
