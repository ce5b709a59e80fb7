import type { Input, Now } from '../request/inputs.js';
import type { Request } from '../request/request.js';
import { ACKNOWLEDGE_MS } from '../schema/constants.js';
import type { Pushed } from '../schema/pushed.js';
import type { ServerClock } from './server-clock.js';

const MAX_LABEL_LENGTH = 255;
/** A grant that was longer on its way lay in a buffer while this process stood still. Or the network is slow. */
const MOST_AGE_MS = 400;
/**
 * A time or token further ahead of the server's clock may be made up, to make guards refuse later leases. A true one
 * can be so far ahead where the clocks of nodes differ, or where one was set back.
 */
const MOST_AHEAD_MS = 1_000;

type About = Exclude<Pushed, { event: 'alive' }>;

/**
 * What a message means to the request that it names. A push is no answer: it may be late, doubled, or made up by whoever
 * may write to the collection. What cannot be is passed over.
 */
export function inputOf(pushed: About, request: Request, clock: ServerClock, now: Now): Input | undefined {
  const { terms } = request;
  switch (pushed.event) {
    case 'granted': {
      const { proof, token, at } = pushed;
      // A call that is on its way may be taken for the acknowledgement. The lease then lasts a ttl from there. So may a
      // question that is not sure: where a lease has ended the server answers it by a change.
      const mayBeCut = request.requestsOpen + request.checksOpen > 0;
      const due = mayBeCut ? Math.min(pushed.due, at + terms.ttlMs * 1000) : pushed.due;
      const leaseMs = (due - at) / 1000;
      if (leaseMs > Math.max(terms.ttlMs, ACKNOWLEDGE_MS)) return undefined;
      const end = endOf(due, leaseMs, clock, now);
      return { kind: 'granted', proof, token, leaseMs, end, isDoubtful: isDoubtful(token, at, clock, now) };
    }
    case 'ask':
      return { kind: 'ask-at', ms: now.ms + (pushed.when - pushed.at) / 1000 };
    case 'lost':
      return { kind: 'lost' };
    case 'wanted':
      return { kind: 'wanted' };
    case 'asked':
      return { kind: 'asked', by: pushed.by.slice(0, MAX_LABEL_LENGTH) };
  }
}

/** Whether nobody may enter by this grant before the server has confirmed it. */
function isDoubtful(token: number, at: number, clock: ServerClock, now: Now): boolean {
  const told = clock.earliest(at);
  const newest = clock.earliest(Math.max(token, at));
  if (told === undefined || newest === undefined) return true;
  const ageMs = Math.max(now.ms - told.ms, now.wallMs - told.wallMs);
  const aheadMs = Math.max(newest.ms - now.ms, newest.wallMs - now.wallMs);
  return ageMs > MOST_AGE_MS || aheadMs > MOST_AHEAD_MS;
}

/** The message may have lain in a buffer while this process was stopped. The server's clock shows how old it is. */
function endOf(due: number, leaseMs: number, clock: ServerClock, now: Now): Now {
  const known = clock.earliest(due);
  // Before the first answer nothing is known: the grant is asked about.
  if (known === undefined) return { ms: -Infinity, wallMs: -Infinity };
  return {
    ms: Math.min(now.ms + leaseMs, known.ms),
    wallMs: Math.min(now.wallMs + leaseMs, known.wallMs),
  };
}
