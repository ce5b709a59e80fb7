import fc from 'fast-check';
import { LockOptionsError } from '../../../lib/errors.js';
import { parseLease, serializedLease } from '../../../lib/manager/serialized-lease.js';
import { randomId } from '../../../lib/manager/random-id.js';
import { Request } from '../../../lib/request/request.js';
import { TERMS } from '../../request/script.js';
import { MAX_NAMES, MAX_TTL_MS, SHARED_LIMIT } from '../../../lib/schema/constants.js';

const TOKEN = 1_700_000_000_000_042;
const WISH = { names: ['my-lock'], ttlMs: 5000, units: 1, limit: 1 };

/** A request that holds its lease. */
function holding(wish: Partial<typeof TERMS>, token = TOKEN): Request {
  const request = new Request(1, { ...TERMS, ...wish }, randomId, 0);
  request.token = token;
  return request;
}

/** What a text that `serialize` gave holds, one part replaced or taken out. */
function but(part: string, value: unknown): string {
  const parts = JSON.parse(serializedLease(holding(WISH))) as Record<string, unknown>;
  return JSON.stringify({ ...parts, [part]: value });
}

function refusal(text: unknown): LockOptionsError {
  try {
    parseLease(text as string);
  } catch (error) {
    if (error instanceof LockOptionsError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

it('what is serialized is read again as it was, whatever the names', () => {
  const count = fc.integer({ min: 1, max: SHARED_LIMIT });
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { minLength: 1, maxLength: MAX_NAMES }),
      fc.integer({ min: 1, max: MAX_TTL_MS }),
      fc.tuple(count, count),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      (names, ttlMs, counts, token) => {
        const [want, limit] = counts.sort((a, b) => a - b);
        const request = holding({ names, ttlMs, units: want, limit: limit }, token);
        expect(parseLease(serializedLease(request))).toEqual({
          v: 1,
          id: request.id,
          names,
          token,
          ttlMs,
          want,
          limit,
        });
      },
    ),
  );
});

describe('a text that is not what serialize gave', () => {
  it.each<[string, unknown]>([
    ['nothing', ''],
    ['no JSON', 'lease'],
    ['undefined', undefined],
    ['a number', 5],
    ['null', null],
    ['an object', {}],
    ['JSON of null', 'null'],
    ['JSON of a text', '"lease"'],
    ['JSON of a list', '[]'],
    ['JSON of an empty map', '{}'],
    ['another version', but('v', 2)],
    ['no version', but('v', undefined)],
    ['no id', but('id', undefined)],
    ['an id that is too short to be one', but('id', 'x'.repeat(15))],
    ['an id that is too long to be one', but('id', 'x'.repeat(65))],
    ['a number for an id', but('id', 1234567890123456)],
    ['no names', but('names', undefined)],
    ['an empty list of names', but('names', [])],
    ['a text for the names', but('names', 'my-lock')],
    ['an empty name', but('names', [''])],
    ['a number for a name', but('names', [5])],
    ['a name twice', but('names', ['a', 'b', 'a'])],
    ['a name of 256 bytes', but('names', ['x'.repeat(256)])],
    ['a name with half a character', but('names', ['\ud83d'])],
    [
      'too many names',
      but(
        'names',
        Array.from({ length: MAX_NAMES + 1 }, (_, i) => `name ${i}`),
      ),
    ],
    ['no token', but('token', undefined)],
    ['a token of 0', but('token', 0)],
    ['a token that is not exact', but('token', 2 ** 53)],
    ['a fraction for a token', but('token', 1.5)],
    ['a text for a token', but('token', '42')],
    ['no ttl', but('ttlMs', undefined)],
    ['a ttl of 0', but('ttlMs', 0)],
    ['a fraction for a ttl', but('ttlMs', 1.5)],
    ['too long a ttl', but('ttlMs', MAX_TTL_MS + 1)],
    ['no permits', but('want', 0)],
    ['more permits than there are', but('want', 2)],
    ['a limit of 0', but('limit', 0)],
    ['too high a limit', but('limit', SHARED_LIMIT + 1)],
    ['more than there should be', but('inbox', 'x')],
  ])('is a LockOptionsError: %s', (_what, text) => {
    const { message, code } = refusal(text);
    expect(code).toBe('LOCK_OPTIONS');
    expect(message.length).toBeGreaterThan('invalid serialized lease: '.length);
  });

  it('shows nothing of the id, which is the right to the lease, neither itself nor by its cause', () => {
    const request = holding(WISH);
    const text = serializedLease(request);
    const { id } = request;
    const spoilt = [
      ...Array.from({ length: text.length }, (_, i) => text.slice(0, i)),
      ...Array.from({ length: text.length }, (_, i) => `${text.slice(0, i)}#${text.slice(i)}`),
      text.replace('"token"', '"tocken"'),
      text.replace('{', `{"${id}":1,`),
      text.replace(`"${id}"`, `["${id}"]`),
      text.replace('"id"', `"${id}"`).replace('my-lock', 'x'.repeat(300)),
    ];
    let refused = 0;
    for (const each of spoilt) {
      try {
        parseLease(each);
        continue;
      } catch (error) {
        refused++;
        const said = [error, (error as Error).cause].map(
          (reason) => `${(reason as Error | undefined)?.message}`,
        );
        for (let at = 0; at + 6 <= id.length; at++) expect(said.join()).not.toContain(id.slice(at, at + 6));
      }
    }
    expect(refused).toBeGreaterThan(text.length);
  });
});
