import type { Random } from '../chaos/random.js';
import { Extension, ExtensionValue, header, RawBytes, SentMap, TextBytes, type Sent } from './wire.js';
import type { World } from './world.js';

/** Set by whatever code of a hostile client gets to run. */
export const CANARY = 'hostile_code_ran';

const INTEGERS = [
  0n,
  -1n,
  1n,
  255n,
  -(2n ** 31n),
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  2n ** 63n,
  2n ** 64n - 1n,
  10n ** 10n,
  9_221_576_403_000n,
];
const FLOATS = [0, -0, 0.5, 1, 1e18, 1e308, 5e-324, NaN, Infinity, -Infinity];
const TEXTS = [
  '',
  ' ',
  '\0',
  'constructor',
  '__proto__',
  '#',
  ':',
  "');.x=1;('",
  '`{.keys()}`',
  '\u202e',
  '😀'.repeat(64),
];
/** Not UTF-8: cut, overlong, a lone surrogate in three bytes, beyond Unicode. */
const BROKEN_TEXTS = ['ff', 'c3', 'c0af', 'eda080', 'f8888080', '41e282', 'f4908080', '61ff62'];
/** Methods that code might call on what it was given. */
const METHODS = ['every', 'some', 'map', 'filter', 'each', 'len', 'unique', 'has', 'is_utf8', 'get', 'first'];
const RAW = [
  // A type that MessagePack never uses, a float of four bytes, text and lists that are longer than what follows.
  Buffer.of(0xc1),
  Buffer.of(0xca, 0x3f, 0, 0, 0),
  header(0xdb, 0xffff_ffff),
  header(0xdd, 0xffff_ffff),
  header(0xdf, 0x7fff_ffff),
  header(0xc9, 0xffff_ffff),
  Buffer.of(0xd9, 0x10, 0x41),
];

function closureCode(draw: Random, { state, idText }: World): string {
  return draw.pick([
    `|| .${CANARY} = true`,
    `|x| wse(.${CANARY} = true)`,
    `|| { wse(.${CANARY} = true); true; }`,
    `|| { new_procedure('${CANARY}', || nil); true; }`,
    `|| raise(${idText})`,
    `|| ${idText}`,
    `|| raise(json_dump(.${state}, 4))`,
    `|t| try(t.inbox.id, t)`,
    `|| { .del('${state}'); true; }`,
    `|| future(|| wse(.${CANARY} = true))`,
    `|| { range(100000).each(|| nil); true; }`,
    `|a, b, c| a`,
    `||true`,
  ]);
}

function extension(draw: Random, world: World): ExtensionValue {
  // From 1, as ThingsDB numbers them.
  const small = BigInt(draw.between(1, 120));
  switch (
    draw.pick([
      'closure',
      'closure',
      'closure',
      'room',
      'task',
      'thing',
      'thing',
      'regex',
      'name',
      'packed',
      'anonymous',
      'unknown',
    ])
  ) {
    case 'closure':
      return ExtensionValue.closure(closureCode(draw, world));
    case 'room':
      return ExtensionValue.byId(Extension.room, small);
    case 'task':
      return ExtensionValue.byId(Extension.task, small);
    case 'thing':
      return ExtensionValue.byId(Extension.thing, small);
    case 'regex':
      return new ExtensionValue(Extension.regex, Buffer.from(draw.pick(['/(a+)+$/', '/.*/', '/(/', 'x'])));
    case 'name':
      return new ExtensionValue(Extension.name, Buffer.from(draw.pick(['61', 'ff', '', '232f']), 'hex'));
    case 'packed':
      return new ExtensionValue(
        Extension.packed,
        Buffer.from(draw.pick(['9301', 'c1', '', 'ddffffffff', '01']), 'hex'),
      );
    case 'anonymous':
      return new ExtensionValue(
        Extension.anonymous,
        Buffer.from(draw.pick(['80', '81a161a3696e74', '', '01']), 'hex'),
      );
    default:
      return new ExtensionValue(draw.pick([8, 77, -1, 127]), Buffer.alloc(draw.pick([0, 1, 8, 300])));
  }
}

/** A map that looks like a list or like text to code that does not look twice. */
function trap(draw: Random, world: World): SentMap {
  const closure = ExtensionValue.closure(closureCode(draw, world));
  switch (draw.weighted({ all: 5, one: 2, reference: 1, plain: 1, key: 1 })) {
    case 'one':
      return new SentMap([[draw.pick(METHODS), closure]]);
    case 'all':
      return new SentMap(METHODS.map((method) => [method, closure]));
    case 'reference':
      return new SentMap([['#', BigInt(draw.between(0, 120))]]);
    case 'plain':
      return new SentMap([
        ['a', 1n],
        ['b', [2n]],
      ]);
    default:
      return new SentMap([
        [draw.pick<Sent>([1n, null, '', new TextBytes(Buffer.of(0xff)), 'a'.repeat(300)]), 1n],
      ]);
  }
}

function nested(draw: Random, innermost: Sent): Sent {
  let value = innermost;
  for (let depth = draw.pick([1, 2, 10, 100]); depth > 0; depth--) {
    value = draw.chance(0.8) ? [value] : new SentMap([['a', value]]);
  }
  return value;
}

function long(draw: Random, item: Sent): Sent {
  return Array.from({ length: draw.pick([65, 129, 1_025, 5_000]) }, () => item);
}

/** Something that no honest client sends in the place of `original`. */
export function hostileValue(draw: Random, world: World, original: Sent): Sent {
  switch (
    draw.weighted({
      nothing: 1,
      flag: 1,
      integer: 3,
      float: 1,
      text: 2,
      size: 1,
      broken: 2,
      bytes: 1,
      extension: 5,
      trap: 4,
      nested: 1,
      long: 1,
      raw: 1,
    })
  ) {
    case 'nothing':
      return null;
    case 'flag':
      return draw.chance(0.5);
    case 'integer':
      return draw.pick(INTEGERS);
    case 'float':
      return draw.pick(FLOATS);
    case 'text':
      return draw.pick(TEXTS);
    case 'size':
      return 'a'.repeat(draw.pick([1, 15, 16, 31, 32, 33, 64, 65, 255, 256, 70_000]));
    case 'broken':
      return new TextBytes(Buffer.from(draw.pick(BROKEN_TEXTS).repeat(draw.pick([1, 8, 20])), 'hex'));
    case 'bytes':
      return typeof original === 'string' ? Buffer.from(original) : Buffer.alloc(draw.between(0, 40));
    case 'extension':
      return extension(draw, world);
    case 'trap':
      return trap(draw, world);
    case 'nested':
      return nested(draw, original);
    case 'long':
      return long(draw, original);
    case 'raw':
      return new RawBytes(draw.pick(RAW));
  }
}
