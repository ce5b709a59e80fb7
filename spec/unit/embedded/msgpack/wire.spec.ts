import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import type { Wire } from '../../../../lib/embedded/engine/engine.js';
import { WireDecoder, WireFormatError } from '../../../../lib/embedded/msgpack/wire-decoder.js';
import { WireEncoder, WireTooLargeError } from '../../../../lib/embedded/msgpack/wire-encoder.js';

const roundTrip = (value: Wire): Wire => WireDecoder.decode(WireEncoder.encode(value));

const wire = fc.letrec<{ value: Wire }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value')),
  ),
})).value;

describe('values on the wire', () => {
  it('come back as they were, whatever they are', () => {
    fc.assert(fc.property(wire, (value) => expect(roundTrip(value)).toEqual(value)));
  });

  it('are read by another MessagePack library as the same values', () => {
    const plain = (value: unknown): unknown => {
      if (typeof value === 'bigint') return Number(value);
      if (value instanceof Uint8Array) return [...value];
      if (Array.isArray(value)) return value.map(plain);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
    };
    fc.assert(
      fc.property(wire, (value) => {
        // The other library refuses this key, which is one like any other here.
        fc.pre(
          !JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? 0 : item)).includes(
            '__proto__',
          ),
        );
        expect(plain(decode(WireEncoder.encode(value), { useBigInt64: true }))).toEqual(plain(value));
      }),
    );
  });

  it.each([
    [0n, '00'],
    [127n, '7f'],
    [128n, 'cc80'],
    [256n, 'cd0100'],
    [65_536n, 'ce00010000'],
    [4_294_967_296n, 'cf0000000100000000'],
    [-1n, 'ff'],
    [-32n, 'e0'],
    [-33n, 'd0df'],
    [-129n, 'd1ff7f'],
    [-32_769n, 'd2ffff7fff'],
    [-2_147_483_649n, 'd3ffffffff7fffffff'],
    [9_223_372_036_854_775_807n, 'cf7fffffffffffffff'],
    [-9_223_372_036_854_775_808n, 'd38000000000000000'],
  ])('an integer takes the least room: %s', (value, hex) => {
    expect(WireEncoder.encode(value).toString('hex')).toBe(hex);
    expect(roundTrip(value)).toBe(value);
  });

  it('a float stays a float, also when it is whole', () => {
    expect(WireEncoder.encode(1).toString('hex')).toBe('cb3ff0000000000000');
    expect(roundTrip(1)).toBe(1);
    expect(roundTrip(-0)).toBe(-0);
    expect(WireDecoder.decode(Buffer.from('ca3f800000', 'hex'))).toBe(1);
  });

  it('the key __proto__ is a key like any other', () => {
    const value = WireDecoder.decode(Buffer.from(`81a9${Buffer.from('__proto__').toString('hex')}c0`, 'hex'));
    expect(Object.keys(value as object)).toEqual(['__proto__']);
  });

  it('nothing, half a value, an unknown type and keys that are no strings are refused', () => {
    for (const hex of ['', 'c1', 'd9', 'd905aa', '91', '8101', '810102', 'dd7fffffff', 'c7ff00', 'cf00']) {
      expect(() => WireDecoder.decode(Buffer.from(hex, 'hex'))).toThrow(WireFormatError);
    }
  });

  it('a value nested without end is refused before the stack is', () => {
    expect(() => WireDecoder.decode(Buffer.alloc(1_000_000, 0x91))).toThrow(/nested deeper/);
  });

  it('writing stops at the limit of bytes', () => {
    expect(() => WireEncoder.encode(['x'.repeat(100)], 64)).toThrow(WireTooLargeError);
    expect(WireEncoder.encode('x'.repeat(31), 32)).toHaveLength(32);
  });

  it('what another library wrote is read', () => {
    const value = { a: [1, -5, 300, 70_000, 2.5, 'text', null, true], b: new Uint8Array([1, 2]) };
    expect(WireDecoder.decode(encode(value))).toEqual({
      a: [1n, -5n, 300n, 70_000n, 2.5, 'text', null, true],
      b: new Uint8Array([1, 2]),
    });
  });
});
