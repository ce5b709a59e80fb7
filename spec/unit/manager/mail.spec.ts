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

const US_PER_S = 1_000_000;

/** Whether the caller has to wait for the server's own answer, one second after the last exchange. */
function isDoubtful(at: number, token: number, isClockKnown = true, now = NOW): boolean | undefined {
  const clock = new ServerClock();
  if (isClockKnown) clock.sync(0, 0, 500, AT - US_PER_S);
  const request = { terms: { ttlMs: 200 }, requestsOpen: 0, checksOpen: 0 } as Request;
  const input = inputOf({ ...PUSHED, at, token, due: at + ACKNOWLEDGE_MS * 1000 }, request, clock, now);
  return input?.kind === 'granted' ? input.isDoubtful : undefined;
}

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

  it.each<[string, number, number]>([
    ['that is of this moment', AT, AT],
    ['with an earlier token', AT, 7],
    ['that was 0.4 s on its way', AT - 400_000, AT - 400_000],
    ['with a token a second ahead', AT, AT + US_PER_S],
  ])('lets its caller enter at once: one %s', (_which, at, token) => {
    expect(isDoubtful(at, token)).toBe(false);
  });

  it.each<[string, number, number]>([
    ['that was longer on its way', AT - 401_000, AT - 401_000],
    ['with a token more than a second ahead of the clock', AT, AT + US_PER_S + 1_000],
    ['of a time more than a second ahead of the clock', AT + US_PER_S + 1_000, 7],
    ['of a time 120 years ahead, with its token', 9_007_100_000_000_000, 9_007_100_000_000_000],
  ])('has to be confirmed before its caller enters: one %s', (_which, at, token) => {
    expect(isDoubtful(at, token)).toBe(true);
  });

  it("has to be confirmed where nothing is known of the server's clock", () => {
    expect(isDoubtful(AT, AT, false)).toBe(true);
  });

  it.each([
    { ms: NOW.ms, wallMs: NOW.wallMs - 1_001 },
    { ms: NOW.ms - 1_001, wallMs: NOW.wallMs },
  ])('has to be confirmed where one of the two clocks says that it is ahead: %j', (now) => {
    expect(isDoubtful(AT, AT, true, now)).toBe(true);
  });
});
