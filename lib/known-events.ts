import type { LockEvents, LockManagerEvents } from './events.js';
import type { LockWatchEvents } from './lock-watch.js';
import { invalid } from './options/checked.js';
import { isNear } from './options/unknown-option.js';

/** The events that an emitter tells, and what it is called in messages. */
export interface KnownEvents {
  readonly of: string;
  readonly events: readonly string[];
}

/** Typed so that none can be left out, nor be made up. */
const namesOf = <Events>(events: Readonly<Record<keyof Events, true>>): readonly string[] =>
  Object.keys(events);

const lockEvents = {
  waiting: true,
  acquired: true,
  extended: true,
  released: true,
  expired: true,
  lost: true,
  handedOn: true,
  releaseRequested: true,
  error: true,
} as const;

export const LOCK_EVENTS: KnownEvents = { of: 'a lock', events: namesOf<LockEvents>(lockEvents) };

export const MANAGER_EVENTS: KnownEvents = {
  of: 'a manager',
  events: namesOf<LockManagerEvents>({
    ...lockEvents,
    connected: true,
    disconnected: true,
    reconnecting: true,
  }),
};

export const WATCH_EVENTS: KnownEvents = {
  of: 'a watch',
  events: namesOf<LockWatchEvents>({
    waiting: true,
    withdrawn: true,
    acquired: true,
    released: true,
    expired: true,
    lost: true,
    adopted: true,
    resumed: true,
    error: true,
  }),
};

/** What others call it, in lower case. */
const CALLED_ELSEWHERE: Readonly<Record<string, string>> = {
  lock: 'acquired',
  locked: 'acquired',
  granted: 'acquired',
  unlock: 'released',
  unlocked: 'released',
  renewed: 'extended',
  refreshed: 'extended',
  queued: 'waiting',
  stolen: 'lost',
  revoked: 'lost',
  serialized: 'handedOn',
  ready: 'connected',
  close: 'disconnected',
  end: 'disconnected',
};

/** A verb of so many letters is told from others: `connect` is meant for `connected`. */
const LEAST_STEM = 4;

/** Nobody would ever hear of it. @throws LockOptionsError for an event that is never told */
export function checkEvent({ of, events }: KnownEvents, event: unknown): void {
  if (events.includes(event as string)) return;
  const near = nearestOf(String(event).toLowerCase(), events);
  const meant = near === undefined ? '' : `did you mean ${near}? `;
  throw invalid('event', event, `${meant}${of} tells ${events.join(', ')}`);
}

function nearestOf(given: string, events: readonly string[]): string | undefined {
  const other = Object.hasOwn(CALLED_ELSEWHERE, given) ? CALLED_ELSEWHERE[given] : undefined;
  if (other !== undefined && events.includes(other)) return other;
  const isMeant = (name: string): boolean =>
    isNear(name, given) || (given.length >= LEAST_STEM && name.startsWith(given));
  return events.find((name) => isMeant(name.toLowerCase()));
}
