import { NOTHING, type StateLeft } from '../support/state-left.js';

/** What may be left for a while, by what users are told of it. */
export interface Allowed {
  /** Processes that were killed: the inbox of each goes when nobody has used it for two looks. */
  readonly dead: number;
  /** Requests that ended lately: each may have been withdrawn, which is remembered for a minute. */
  readonly endedLately: number;
  /** Names that were watched lately: remembered for two minutes. */
  readonly watchedLately: number;
  /** Since the last process has ended. */
  readonly restedMs: number;
}

/** A look a minute, two looks, and the sweeper a second or two late each time. */
export const INBOX_KEPT_MS = 124_000;
/** How far ahead anything is due: what is remembered is so for a minute, a watch for two. */
const REMEMBERED_MS = 60_000;
const WATCHED_MS = 120_000;
/** The sweeper comes within 2 s (G5), and the question takes a moment. */
const OVERDUE_MS = 3_000;

/** What is there that may not be. */
export function excess(left: StateLeft, { dead, endedLately, watchedLately, restedMs }: Allowed): string[] {
  const { locks, requests, waiting, python, inboxes, tombstones, watches, tasks } = left;
  const wrong: string[] = [];
  const most = (count: number, limit: number, what: string): void => {
    if (count > limit) wrong.push(`${count} ${what}${limit > 0 ? `, at most ${limit} may be` : ''}`);
  };
  const isKept = restedMs < INBOX_KEPT_MS;
  most(locks, 0, 'locks');
  most(Math.max(requests, waiting, python), 0, 'requests');
  most(inboxes, isKept ? dead : 0, 'inboxes');
  most(tombstones, isKept ? endedLately : 0, 'tombstones');
  most(watches, isKept ? watchedLately : 0, 'rooms of watched names');
  if (left.overdueMs > OVERDUE_MS) wrong.push(`something that has been due for ${left.overdueMs} ms`);
  if (left.latestDueMs > (watches > 0 ? WATCHED_MS : REMEMBERED_MS))
    wrong.push(`something due only in ${left.latestDueMs} ms`);
  // One that has nothing to do stays until it has run.
  if (-left.sweepsInMs > OVERDUE_MS) wrong.push(`a sweeper that is late by ${-left.sweepsInMs} ms`);
  if (inboxes + tombstones + watches > 0 && !left.hasSweeper) wrong.push('no sweeper for what is to come');
  const sweepers = left.hasSweeper ? 1 : 0;
  if (tasks !== sweepers) wrong.push(`${tasks} tasks instead of ${sweepers}`);
  return wrong;
}

/** Nobody holds or waits, and the sweeper is on time. Just after a freeze or a restart it is late, and still to run. */
export function isAtRest({ locks, requests, overdueMs, sweepsInMs }: StateLeft): boolean {
  return locks === 0 && requests === 0 && overdueMs <= OVERDUE_MS && -sweepsInMs <= OVERDUE_MS;
}

/** Nothing, not even what is remembered for a while. */
export function isEmpty(left: StateLeft): boolean {
  return (Object.keys(NOTHING) as (keyof StateLeft)[]).every((part) => left[part] === NOTHING[part]);
}
