import { requestInfo } from '../lock-info.js';
import type {
  WatchedEvent,
  WatchedGrantEvent,
  WatchedLossEvent,
  WatchedRequestEvent,
} from '../lock-watch.js';
import type { Watched } from '../schema/watched.js';

type Payload = WatchedRequestEvent | WatchedEvent | WatchedGrantEvent | WatchedLossEvent;

/** What those who watch are told of an event. */
export function payloadOf({
  event,
  token,
  why,
  at,
  since,
  queued,
  ttlMs,
  lingers,
  ...request
}: Watched): Payload {
  const isBeginning = event === 'waiting';
  const told: WatchedRequestEvent = {
    ...requestInfo(request),
    at: new Date(at / 1000),
    // Two nodes may have told the two times, each by its own clock.
    lastedMs: isBeginning ? 0 : Math.max(0, at - since) / 1000,
    queueLength: queued,
  };
  if (isBeginning || event === 'withdrawn') return told;
  const ofLease: WatchedEvent = { ...told, fencingToken: token, lingers };
  if (event === 'acquired') return { ...ofLease, ttl: ttlMs };
  return why === undefined ? ofLease : { ...ofLease, reason: why };
}
