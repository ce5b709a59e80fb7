import { Why } from '../../../lib/schema/constants.js';
import { watchedOf } from '../../../lib/schema/watched.js';

const AT = 1_700_000_000_000_000;
const ARGS = ['my-lock', 'someone', 42, 2, 5, 0, AT, AT - 1_500_000, 3, 60_000, true] as const;
const READ = {
  ...{ name: 'my-lock', owner: 'someone', token: 42, units: 2, limit: 5, why: undefined },
  ...{ at: AT, since: AT - 1_500_000, queued: 3, ttlMs: 60_000, lingers: true },
};

/** What is told, with some of its fields otherwise. */
function told(others: Readonly<Record<number, unknown>>): unknown[] {
  return ARGS.map((value, i) => (i in others ? others[i] : value));
}

it.each(['waiting', 'withdrawn', 'acquired', 'released', 'expired', 'adopted'])('reads `%s`', (event) => {
  expect(watchedOf(event, ARGS)).toEqual({ event, ...READ });
});

it.each<[number, string]>([
  [Why.stolen, 'stolen'],
  [Why.forceReleased, 'force-released'],
])('reads `lost` with its reason: %p', (code, why) => {
  expect(watchedOf('lost', told({ 5: code }))).toEqual({ event: 'lost', ...READ, why });
});

it('takes the longest lease of Python, and the clock of another node that is behind', () => {
  const args = told({ 7: AT + 5_000_000, 9: 315_360_000_000 });
  expect(watchedOf('acquired', args)).toMatchObject({ since: AT + 5_000_000, ttlMs: 315_360_000_000 });
});

it.each<[string, unknown, unknown[]]>([
  ['an unknown event', 'granted', [...ARGS]],
  ['no event', undefined, [...ARGS]],
  ['nothing', 'acquired', []],
  ['a name that is no text', 'acquired', told({ 0: 7 })],
  ['an owner that is no text', 'acquired', told({ 1: null })],
  ['a token that is no number', 'acquired', told({ 2: '42' })],
  ['a token as bigint', 'acquired', told({ 2: 42n })],
  ['units below zero', 'acquired', told({ 3: -1 })],
  ['a limit that is not finite', 'acquired', told({ 4: Infinity })],
  ['a loss without a reason', 'lost', [...ARGS]],
  ['a loss for a reason of a newer schema', 'lost', told({ 5: 99 })],
  ['a reason of what is no loss', 'released', told({ 5: Why.stolen })],
  ['a time that is no number', 'acquired', told({ 6: 'now' })],
  ['half a microsecond', 'acquired', told({ 7: 0.5 })],
  ['no queue', 'acquired', told({ 8: undefined })],
  ['no ttl', 'acquired', told({ 9: NaN })],
  ['what lingers by a number', 'acquired', told({ 10: 1 })],
])('passes over %s', (_what, event, args) => {
  expect(watchedOf(event, args)).toBeUndefined();
});
