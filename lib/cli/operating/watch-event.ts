import type { WatchedGrantEvent, WatchedLossEvent, WatchedRequestEvent } from '../../lock-watch.js';
import { elapsed } from '../elapsed.js';
import type { JsonRecord } from '../output.js';
import type { Paint, Palette } from '../palette.js';
import { printable, quoted } from '../printable.js';

/** What can happen to a name. */
export const HAPPENINGS = [
  'waiting',
  'withdrawn',
  'acquired',
  'released',
  'expired',
  'lost',
  'adopted',
] as const;
export type Happening = (typeof HAPPENINGS)[number];

/** What is told of it: not all of it of each. */
export type HappeningInfo = WatchedRequestEvent & Partial<WatchedGrantEvent & WatchedLossEvent>;

export function eventRecord(event: Happening, info: HappeningInfo): JsonRecord {
  const { name, owner, mode, count, permits, at, lastedMs, queueLength, fencingToken, lingers, ttl, reason } =
    info;
  return {
    ...{ type: 'event', at: at.toISOString(), event, name, owner, mode, count, permits },
    ...{ lastedMs, waiting: queueLength, fencingToken, lingers, ttlMs: ttl, reason },
  };
}

/** `2026-11-26 00:10:02Z acquired "name" by owner, token 1`. */
export function eventText(event: Happening, info: HappeningInfo, palette: Palette): string {
  const { name, owner, at, fencingToken, lingers, reason } = info;
  const time = `${at.toISOString().replace('T', ' ').slice(0, 19)}Z`;
  const what = paintOf(event, palette)(event.padEnd(LONGEST));
  const more = [
    ...(fencingToken === undefined ? [] : [`token ${fencingToken}`]),
    ...(lingers === true ? ['lingers'] : []),
    ...lasted(event, info),
    ...(info.queueLength === 0 ? [] : [`${info.queueLength} waiting`]),
  ].map((part) => `, ${part}`);
  const why = reason === undefined ? '' : `: ${reason}`;
  return `${palette.dim(time)} ${what} ${quoted(name)} by ${printable(owner)}${kindOf(info)}${more.join('')}${why}`;
}

const LONGEST = Math.max(...HAPPENINGS.map(({ length }) => length));

function kindOf({ mode, count, permits }: HappeningInfo): string {
  if (mode === 'exclusive') return '';
  return mode === 'semaphore' ? ` (${count} of ${permits} permits)` : ` (${mode})`;
}

/** What is shorter than that is nothing to speak of. */
const LEAST_WAIT_MS = 1;

function lasted(event: Happening, { lastedMs }: HappeningInfo): string[] {
  if (event === 'waiting') return [];
  const isWait = event === 'acquired' || event === 'withdrawn';
  if (!isWait) return [`held for ${elapsed(lastedMs)}`];
  return lastedMs < LEAST_WAIT_MS ? [] : [`waited ${elapsed(lastedMs)}`];
}

function paintOf(event: Happening, { green, yellow, red, dim }: Palette): Paint {
  if (event === 'acquired' || event === 'adopted') return yellow;
  if (event === 'released') return green;
  return event === 'lost' || event === 'expired' ? red : dim;
}
