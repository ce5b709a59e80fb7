import { MAX_TTL_MS, Why } from '../../../lib/schema/constants.js';
import { proofOf } from '../../../lib/schema/constants.js';
import { pushedOf } from '../../../lib/schema/pushed.js';

const AT = 1_700_000_000_000_000;
const DUE = AT + 800_000;
const PROOF = 'p'.repeat(16);

it.each<[string, unknown[], object]>([
  [
    'granted',
    [3, PROOF, 42, AT, DUE],
    { event: 'granted', number: 3, proof: PROOF, token: 42, at: AT, due: DUE },
  ],
  ['ask', [3, AT, DUE], { event: 'ask', number: 3, at: AT, when: DUE }],
  ['ask', [3, AT, AT], { event: 'ask', number: 3, at: AT, when: AT }],
  ['lost', [3, Why.stolen], { event: 'lost', number: 3, why: 'stolen' }],
  ['asked', [3, 'me'], { event: 'asked', number: 3, by: 'me' }],
  ['alive', [], { event: 'alive' }],
])('reads `%s` with %j', (event, args, read) => {
  expect(pushedOf(event, args)).toEqual(read);
});

it.each<[string, unknown, unknown[]]>([
  ['an unknown event', 'other', [3]],
  ['no event', undefined, [3]],
  ['a grant of no number', 'granted', ['3', PROOF, 42, AT, DUE]],
  ['a grant without a proof', 'granted', [3, undefined, 42, AT, DUE]],
  ['a grant without a token', 'granted', [3, PROOF, undefined, AT, DUE]],
  ['a token that is no number', 'granted', [3, PROOF, '42', AT, DUE]],
  ['a token as bigint', 'granted', [3, PROOF, 42n, AT, DUE]],
  ['a token of nothing', 'granted', [3, PROOF, 0, AT, DUE]],
  ['a token of next week', 'granted', [3, PROOF, AT + 7 * 86_400_000_000, AT, DUE]],
  ['the largest token that there is', 'granted', [3, PROOF, Number.MAX_SAFE_INTEGER, AT, DUE]],
  ['a lease that is over', 'granted', [3, PROOF, 42, AT, AT]],
  ['a lease that is longer than any', 'granted', [3, PROOF, 42, AT, AT + MAX_TTL_MS * 1000 + 1]],
  ['a time that is not finite', 'granted', [3, PROOF, 42, AT, Infinity]],
  ['a question without a time', 'ask', [3, AT]],
  ['a question in years', 'ask', [3, AT, AT + 2 ** 50]],
  ['a loss for no reason', 'lost', [3]],
  ['a loss for a reason of a newer schema', 'lost', [3, 99]],
  ['a loss without a number', 'lost', [NaN, Why.stolen]],
  ['a wish of nobody', 'asked', [3]],
  ['a wish of a list', 'asked', [3, ['me']]],
])('passes over %s', (_what, event, args) => {
  expect(pushedOf(event, args)).toBeUndefined();
});

it('a grant is proved by the first half of the id, which leaves the other half a secret', () => {
  const id = 'abcdefghijklmnop' + 'ABCDEFGHIJKLMNOP';
  expect(proofOf(id)).toBe('abcdefghijklmnop');
});
