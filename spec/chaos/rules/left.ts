import { eventsNamed, type Reading } from '../reading.js';
import type { Violation } from '../violation.js';

/** After all have let go nobody holds or waits; what is left of the dead is an inbox each, until the sweeper takes it. */
export function checkLeft(run: Reading): Violation[] {
  const [end] = eventsNamed(run.records, 'state-left');
  if (end === undefined) return [{ rule: 'left', what: 'what is left was not looked at', records: [] }];
  const { locks, tickets, inboxes } = end.left;
  const died = eventsNamed(run.records, 'exited').filter((exit) => exit.end !== 0).length;
  const closed = eventsNamed(run.records, 'exited').length - died;
  const wrong: string[] = [];
  if (locks > 0) wrong.push(`${locks} locks`);
  if (tickets > 0) wrong.push(`${tickets} requests`);
  if (inboxes > died) wrong.push(`${inboxes} inboxes of ${died} dead and ${closed} closed processes`);
  return wrong.map((what) => ({ rule: 'left', what: `${what} left in the collection`, records: [end] }));
}
