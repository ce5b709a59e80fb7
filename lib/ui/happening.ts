import type {
  WatchedEvent,
  WatchedGrantEvent,
  WatchedLossEvent,
  WatchedRequestEvent,
} from '../lock-watch.js';
import type { EventView, HolderView } from './messages.js';

/** The events of a watch that tell of names. */
export const HAPPENINGS = [
  'waiting',
  'withdrawn',
  'acquired',
  'adopted',
  'released',
  'expired',
  'lost',
] as const satisfies readonly EventView['kind'][];

/** What ThingsDB tells of a name as it happens. Times by its clock. */
export interface Happening extends Pick<HolderView, 'owner' | 'mode' | 'count' | 'permits'> {
  readonly kind: (typeof HAPPENINGS)[number];
  readonly name: string;
  readonly atMs: number;
  /** How long what it ends has lasted: the wait, or the lease. */
  readonly lastedMs: number;
  /** Who wait for the name from then on. */
  readonly queueLength: number;
  /** Of a lease; 0 of a request that waits. */
  readonly fencingToken: number;
  /** How long a new lease lasts unless it is renewed; else 0. */
  readonly ttlMs: number;
  readonly lingers: boolean;
  /** Of `lost`. */
  readonly reason?: string | undefined;
}

/** What any of these events may say. */
type Told = WatchedRequestEvent &
  Partial<Pick<WatchedEvent, 'fencingToken' | 'lingers'>> &
  Partial<Pick<WatchedGrantEvent, 'ttl'>> &
  Partial<Pick<WatchedLossEvent, 'reason'>>;

export function happeningOf(kind: Happening['kind'], event: Told): Happening {
  const { name, owner, mode, count, permits, at, lastedMs, queueLength } = event;
  const { fencingToken = 0, lingers = false, ttl = 0, reason } = event;
  return {
    ...{ kind, name, owner, mode, count, permits },
    ...{ atMs: at.getTime(), lastedMs, queueLength, fencingToken, ttlMs: ttl, lingers, reason },
  };
}
