import { inputOf } from '../../../lib/manager/mail.js';
import { ServerClock } from '../../../lib/manager/server-clock.js';
import type { Request } from '../../../lib/request/request.js';
import { ACKNOWLEDGE_MS } from '../../../lib/schema/constants.js';

const AT = 5_000_000;
const NOW = { ms: 1_000, wallMs: 1_500 };
const PUSHED = {
  event: 'granted',
  ...{ number: 1, proof: 'p'.repeat(16), token: 7, at: AT, due: AT + ACKNOWLEDGE_MS * 1000 },
} as const;

/** Until when a pushed grant is believed, in milliseconds from now. */
function believedMs(request: { requestsOpen: number; checksOpen: number }, ttlMs = 200): number {
  const clock = new ServerClock();
  clock.sync(NOW.ms, NOW.ms, 500, AT);
  const input = inputOf(PUSHED, { terms: { ttlMs }, ...request } as Request, clock, NOW);
  return input?.kind === 'granted' ? input.end.ms - NOW.ms : NaN;
}

describe('a pushed grant', () => {
  it('is believed until it has to be acknowledged', () => {
    expect(believedMs({ requestsOpen: 0, checksOpen: 0 })).toBe(ACKNOWLEDGE_MS);
  });

  it.each([
    { requestsOpen: 0, checksOpen: 1 },
    { requestsOpen: 1, checksOpen: 0 },
  ])('is believed for a ttl only, where a call on its way may acknowledge it: %j', (open) => {
    expect(believedMs(open)).toBe(200);
    expect(believedMs(open, 3_000)).toBe(ACKNOWLEDGE_MS);
  });
});
