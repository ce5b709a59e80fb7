import { packageOf, ServerPackage, type Reply } from './scripted-server.js';
import {
  bytesOf,
  Extension,
  ExtensionValue,
  header,
  RawBytes,
  SentMap,
  TextBytes,
  type Sent,
} from './wire.js';

const BILLION = 0x3fff_ffff;

/** Bodies that are no MessagePack, or lie about what follows. */
export function unreadableBodies(): ReadonlyMap<string, Buffer> {
  const lists = (count: number, length: number): Buffer =>
    Buffer.concat(Array.from({ length: count }, () => header(0xdd, length)));
  return new Map([
    ['a type that does not exist', Buffer.of(0xc1)],
    ['text that is cut', Buffer.of(0xd9, 0xff, 0x41)],
    ['text of four billion bytes', header(0xdb, 0xffff_ffff)],
    ['bytes of four billion bytes', header(0xc6, 0xffff_ffff)],
    ['a list of four billion', header(0xdd, 0xffff_ffff)],
    ['a map of four billion', header(0xdf, 0xffff_ffff)],
    ['an extension of four billion bytes', header(0xc9, 0xffff_ffff)],
    ['40 lists in each other, of a billion each', lists(40, BILLION)],
    ['40 lists in each other, of 33 million each', lists(40, 33_000_000)],
    ['100,000 lists in each other', Buffer.concat([Buffer.alloc(100_000, 0x91), Buffer.of(0xc0)])],
    [
      '100,000 maps in each other',
      Buffer.concat([Buffer.from('81a161'.repeat(100_000), 'hex'), Buffer.of(0xc0)]),
    ],
    ['a map whose keys are lists', Buffer.of(0x81, 0x91, 0x01, 0x01)],
    ['a map with a key __proto__', Buffer.from('81a95f5f70726f746f5f5f81a5697348656c64c3', 'hex')],
    ['more than one value', Buffer.of(0x01, 0x02, 0x03)],
    ['a million nils', Buffer.concat([header(0xdd, 1_000_000), Buffer.alloc(1_000_000, 0xc0)])],
  ]);
}

/** Values that no procedure answers with. */
export const STRANGE: readonly Sent[] = [
  null,
  true,
  0n,
  -1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
  -(2n ** 63n),
  0.5,
  NaN,
  Infinity,
  '',
  'text',
  'x'.repeat(1_000_000),
  new Uint8Array(3),
  [],
  [[]],
  [null, null, null],
  [1n, 1n, 1n, 1n, 1n, 1n],
  Array.from({ length: 50_000 }, () => [2n, 1n, 1n]),
  new SentMap([]),
  new SentMap([
    ['length', 3n],
    ['0', 1n],
  ]),
  new SentMap([['then', 1n]]),
  new SentMap([['__proto__', new SentMap([['polluted', true]])]]),
  new TextBytes(Buffer.of(0xff, 0xfe)),
  new ExtensionValue(Extension.packed, Buffer.of(0x01)),
  new ExtensionValue(Extension.packed, header(0xdd, 0xffff_ffff)),
  ExtensionValue.closure('|| nil'),
  ExtensionValue.byId(Extension.thing, 5n),
  new ExtensionValue(-1, Buffer.alloc(12)),
  new RawBytes(Buffer.of(0xca, 0x7f, 0xc0, 0, 0)),
];

/** Those that are small: there may be many of them. */
export const SMALL: readonly Sent[] = STRANGE.filter((value) => bytesOf(value).length < 100);

/** Errors as no server words them. */
const ERRORS: readonly Sent[] = [
  null,
  [],
  'text',
  new SentMap([]),
  new SentMap([
    ['error_code', 'x'],
    ['error_msg', 'y'],
  ]),
  new SentMap([['error_code', -54n]]),
  new SentMap([
    ['error_code', 2n ** 63n],
    ['error_msg', 'y'],
  ]),
  new SentMap([
    ['error_code', NaN],
    ['error_msg', 'y'],
  ]),
  new SentMap([
    ['error_code', -51n],
    ['error_msg', 'x'.repeat(1_000_000)],
  ]),
  new SentMap([
    ['error_code', 0n],
    ['error_msg', ''],
  ]),
  ...[-1n, -50n, -51n, -52n, -54n, -55n, -60n, -63n, -100n, -101n, -103n, -127n].map(
    (code) =>
      new SentMap([
        ['error_code', code],
        ['error_msg', 'because'],
      ]),
  ),
];

/** Packages that are none, or are none of what was asked for. */
function wrongPackages(): ReadonlyMap<string, Reply> {
  const data = (id: number): Buffer => packageOf(id, ServerPackage.data, Buffer.of(0xc0));
  return new Map<string, Reply>([
    ['nothing', 'nothing'],
    ['the end of the connection', 'close'],
    ['an empty package', { type: ServerPackage.data, body: Buffer.alloc(0) }],
    ['a pong', { type: ServerPackage.pong, body: Buffer.alloc(0) }],
    ['an ok', { type: ServerPackage.ok, body: Buffer.alloc(0) }],
    ['a type that does not exist', { type: 77, body: Buffer.of(0xc0) }],
    ['a push with the id of the call', { type: ServerPackage.emit, body: Buffer.of(0xc0) }],
    ['an answer to another', { bytes: (id) => data((id + 1000) & 0xffff) }],
    ['the same answer twice', { bytes: (id) => Buffer.concat([data(id), data(id)]) }],
    [
      'a header that promises four billion bytes',
      { bytes: (id) => packageOf(id, 18, Buffer.of(0xc0), 0xffff_ffff) },
    ],
    ['a header that promises too much', { bytes: (id) => packageOf(id, 18, Buffer.of(0xc0), 1_000) }],
    ['half a header', { bytes: (id) => data(id).subarray(0, 5) }],
    [
      'a header with a wrong check',
      { bytes: (id) => Buffer.from(data(id).map((byte, i) => (i === 7 ? 1 : byte))) },
    ],
    ['a page', { bytes: () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n<html>') }],
    ['zeros', { bytes: () => Buffer.alloc(4_096) }],
  ]);
}

/** All kinds of answers that no honest server gives to anything. */
export function hostileReplies(): ReadonlyMap<string, Reply> {
  return new Map<string, Reply>([
    ...wrongPackages(),
    ...[...unreadableBodies()].map(
      ([name, body]) => [`a body: ${name}`, { type: ServerPackage.data, body }] as const,
    ),
    ...[...unreadableBodies()].map(
      ([name, body]) => [`an error: ${name}`, { type: ServerPackage.error, body }] as const,
    ),
    ...STRANGE.map((result, i) => [`strange value ${i}`, { result }] as const),
    ...ERRORS.map((error, i) => [`strange error ${i}`, { error }] as const),
  ]);
}

const DAY_US = 86_400_000_000;
const CENTURY_US = 36_525 * DAY_US;

/** `[at, room, [answer, ...]]` with something in it that no honest server says of a request. */
export function hostileBatches(nowUs: number): ReadonlyMap<string, Sent> {
  const [now, soon] = [BigInt(nowUs), BigInt(nowUs + 60_000_000)];
  const batch = (answer: Sent, at: Sent = now, room: Sent = 7n): Sent => [at, room, [answer]];
  const held: Sent = [2n, soon, now];
  return new Map<string, Sent>([
    ...STRANGE.map((answer, i) => [`strange answer ${i}`, batch(answer)] as const),
    ...SMALL.map((at, i) => [`strange at ${i}`, batch(held, at)] as const),
    ...SMALL.map((token, i) => [`strange token ${i}`, batch([2n, soon, token])] as const),
    ...SMALL.map((due, i) => [`strange due ${i}`, batch([2n, due, now])] as const),
    ...SMALL.map((askAt, i) => [`strange time to ask ${i}`, batch([1n, askAt, 0n])] as const),
    ...SMALL.map((ahead, i) => [`strange number of requests ahead ${i}`, batch([1n, soon, ahead])] as const),
    ...STRANGE.map((answers, i) => [`strange list of answers ${i}`, [now, 7n, answers]] as const),
    ['a token of the far future', batch([2n, soon, BigInt(nowUs + 2 * DAY_US)])],
    ['the largest token', batch([2n, soon, 2n ** 53n - 1n])],
    ['a negative token', batch([2n, soon, -5n])],
    ['a lease of 200 years', batch([2n, BigInt(nowUs + 2 * CENTURY_US), now])],
    ['a lease that ended a century ago', batch([2n, BigInt(nowUs - CENTURY_US), now])],
    ['a time in 200 years', batch(held, BigInt(nowUs + 2 * CENTURY_US))],
    ['a time a century ago', batch(held, BigInt(nowUs - CENTURY_US))],
    ['waiting, ask now', batch([1n, now, 1n])],
    ['waiting, ask a century ago', batch([1n, BigInt(nowUs - CENTURY_US), 1n])],
    ['waiting, ask in 200 years', batch([1n, BigInt(nowUs + 2 * CENTURY_US), 1n])],
    ...[-100n, -101n, -103n, -55n, 5n].map((code) => [`refused with ${code}`, batch([4n, code])] as const),
    ...[0n, 1n, 2n, 7n].map((was) => [`ended, was ${was}`, batch([5n, was, now])] as const),
    ['ended, without a token', batch([5n, 2n])],
    ...[0n, 1n, 2n, 7n].map((why) => [`gone, why ${why}`, batch([0n, why])] as const),
    ['busy', batch([3n, soon])],
    ['no answer to the operation', [now, 7n, []]],
    ['an answer too many', [now, 7n, [held, held]]],
    ...[0n, -1n, 'x', null, 2n ** 63n, 0.5].map(
      (room, i) => [`strange room ${i}`, batch(held, now, room)] as const,
    ),
  ]);
}
