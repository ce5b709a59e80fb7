import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { LockProtocolError } from '../../../lib/errors.js';
import { PackageReader, encodePackage, type Package } from '../../../lib/client/package-codec.js';
import { packageBytes, packageOf } from '../../support/fake-server.js';

/** The packages that are complete when these pieces have come. */
function read(...pieces: Buffer[]): Package[] {
  const reader = new PackageReader();
  const packages: Package[] = [];
  for (const piece of pieces) reader.read(piece, (one) => packages.push(one));
  return packages;
}

describe('encodePackage', () => {
  it('makes the bytes that the documentation of ThingsDB shows for an auth request', () => {
    expect(Buffer.from(encodePackage(0, 33, ['admin', 'pass'])).toString('latin1')).toBe(
      '\x0c\x00\x00\x00\x00\x00\x21\xde\x92\xa5admin\xa4pass',
    );
  });

  it('makes the bytes that the documentation of ThingsDB shows for a join request', () => {
    expect(Buffer.from(encodePackage(0, 38, ['//stuff', 17, 456])).toString('latin1')).toBe(
      '\x0d\x00\x00\x00\x00\x00\x26\xd9\x93\xa7//stuff\x11\xcd\x01\xc8',
    );
  });

  it('sends a header only when there is no body', () => {
    expect([...encodePackage(0x0102, 32)]).toEqual([0, 0, 0, 0, 0x02, 0x01, 32, 223]);
  });

  it('sends a whole number beyond 32 bits as an integer, however deep: a fencing token is no float', () => {
    const token = 1_700_000_000_000_001;
    const body = encodePackage(1, 32, { deep: [token, -token, 0.5] }).subarray(8);
    expect(decode(body, { useBigInt64: true })).toEqual({ deep: [BigInt(token), BigInt(-token), 0.5] });
  });

  it('sends a bigint as a 64-bit integer', () => {
    expect(
      Buffer.from(encodePackage(1, 37, 2n ** 62n))
        .subarray(8)
        .toString('hex'),
    ).toBe('d34000000000000000');
    expect(
      Buffer.from(encodePackage(1, 37, -(2n ** 63n)))
        .subarray(8)
        .toString('hex'),
    ).toBe('d38000000000000000');
  });

  const circular: unknown[] = [];
  circular.push(circular);

  it.each<[string, unknown]>([
    ['a function', [() => 1]],
    ['a symbol', { a: Symbol('s') }],
    ['an integer of more than 64 bits', 2n ** 64n],
    ['a date', new Date(0)],
    ['a map of its own kind', new Map()],
    ['half a character: the name would become another', 'a\ud800'],
    ['a value that holds itself', circular],
  ])('refuses what MessagePack cannot carry: %s; the next package is whole', (_what, body) => {
    expect(() => encodePackage(1, 37, body)).toThrow(LockProtocolError);
    expect(encodePackage(1, 37, 'x')).toEqual(packageBytes(1, 37, 'x'));
  });

  it('leaves undefined out of a map, and makes nil of it elsewhere', () => {
    expect(decode(encodePackage(1, 37, [undefined, { a: undefined, b: 1 }]).subarray(8))).toEqual([
      null,
      { b: 1 },
    ]);
  });

  it('reads as another implementation of MessagePack writes, and writes as that reads', () => {
    // Two of a kind: what one makes of a value, the other must make again.
    const value = fc.anything({
      values: [
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        fc.integer(),
        fc.maxSafeInteger(),
        fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
        fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
        fc.double({ noInteger: true, noNaN: true }),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array({ maxLength: 300 }),
      ],
      key: fc.string({ maxLength: 40 }).filter((key) => key !== '__proto__'),
      maxDepth: 5,
      maxKeys: 40,
    });
    fc.assert(
      fc.property(value, (body) => {
        const written = encodePackage(1, 18, body).subarray(8);
        expect(exact(decode(written, { useBigInt64: true }))).toEqual(body);
        expect(read(packageOf(1, 18, encode(exactly(body), { useBigInt64: true })))).toEqual([
          { id: 1, type: 18, body },
        ]);
      }),
      { numRuns: 300 },
    );
  });

  it.each([31, 32, 48, 49, 255, 256, 65_535, 65_536])(
    'carries text, bytes, lists and maps of size %d',
    (size) => {
      const keys = Array.from({ length: Math.min(size, 300) }, (_, i) => [`key ${i}`, i] as const);
      const body = [
        'x'.repeat(size),
        'ä'.repeat(size),
        new Uint8Array(size),
        Array(size).fill(0),
        Object.fromEntries(keys),
      ];
      expect(read(encodePackage(1, 18, body))[0]).toEqual({ id: 1, type: 18, body });
    },
  );
});

/** As the library under test gives integers: as a number while that is exact. */
function exact(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  return inside(value, exact);
}

/** As the other implementation wants integers: as a bigint beyond 32 bits. */
function exactly(value: unknown): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  return inside(value, exactly);
}

function inside(value: unknown, change: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(part)]));
}

describe('PackageReader', () => {
  it('reads the error response that the documentation of ThingsDB shows', () => {
    const bytes = Buffer.from(
      '8\x00\x00\x00\x00\x00\x13\xec\x82\xaaerror_code\xd0\xc8\xa9error_msg\xbfconnection is not authenticated',
      'latin1',
    );
    expect(read(bytes)).toEqual([
      { id: 0, type: 19, body: { error_code: -56, error_msg: 'connection is not authenticated' } },
    ]);
  });

  it('tells packages apart that came joined', () => {
    const bytes = Buffer.concat([packageBytes(1, 16), packageBytes(2, 18, 'two'), packageBytes(3, 18, [3])]);
    expect(read(bytes)).toEqual([
      { id: 1, type: 16, body: undefined },
      { id: 2, type: 18, body: 'two' },
      { id: 3, type: 18, body: [3] },
    ]);
  });

  it('puts packages together wherever they were split', () => {
    const bytes = Buffer.concat([packageBytes(1, 18, 'one'), packageBytes(2, 18, { two: [2] })]);
    for (let cut = 1; cut < bytes.length; cut++) {
      const packages = read(bytes.subarray(0, cut), bytes.subarray(cut));
      expect(packages.map(({ body }) => body)).toEqual(['one', { two: [2] }]);
    }
  });

  it('refuses a wrong check byte', () => {
    const bytes = packageBytes(1, 16);
    bytes[7] = 16;
    expect(() => read(bytes)).toThrow(LockProtocolError);
  });

  it('refuses a size that no package has, instead of waiting for it', () => {
    const bytes = packageBytes(1, 16);
    bytes.writeUInt32LE(0xffffffff, 0);
    expect(() => read(bytes)).toThrow(LockProtocolError);
  });

  const nested = (head: number[], depth: number) => Array<number[]>(depth).fill(head).flat();

  it.each<[string, number[]]>([
    ['an unused byte', [0xc1]],
    ['a string cut short', [0xa5, 0x61, 0x62, 0x63]],
    ['bytes cut short', [0xc6, 0xff, 0xff, 0xff, 0xff, 1]],
    ['two values', [1, 2]],
    ['a list of more items than there are bytes', [0xdd, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]],
    ['a map of more entries than there are bytes', [0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 0x61, 1]],
    ['lists in lists that claim 33 million items each', nested([0xdd, 0x02, 0, 0, 0], 40)],
    ['nesting without end', nested([0x91], 1_000_000)],
    ['a key that is no text', [0x81, 1, 1]],
    ['a timestamp', [0xd6, 0xff, 0, 0, 0, 0]],
    ['an extension, which ThingsDB takes for a closure', [0xc7, 2, 2, 0x61, 0x62]],
    ['an extension of type 0', [0xd4, 0, 0]],
    ['more values than any answer has', [0xdd, 0, 0x0f, 0x42, 0x41, ...Array<number>(1_000_001).fill(0xc0)]],
  ])('tells that a body cannot be read (%s), with its id, and reads what comes after it', (_what, body) => {
    const [unreadable, next] = read(Buffer.concat([packageOf(7, 18, body), packageBytes(8, 18, 'next')]));
    expect(unreadable).toMatchObject({ id: 7, type: 18, body: undefined });
    expect(unreadable?.fault).toBeInstanceOf(LockProtocolError);
    expect(next).toEqual({ id: 8, type: 18, body: 'next' });
  });

  it('makes something of any bytes, or says that it cannot', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
        const [only, ...more] = read(packageOf(1, 18, body));
        expect(more).toEqual([]);
        expect(only?.id).toBe(1);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes a key such as __proto__ for a key like any other', () => {
    const [only] = read(packageOf(1, 18, [0x81, 0xa9, ...Buffer.from('__proto__'), 0x81, 0xa1, 0x78, 1]));
    expect(Object.entries(only?.body as object)).toEqual([['__proto__', { x: 1 }]]);
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('puts 20 MB together with few copies, in however many pieces they come', () => {
    const bytes = packageBytes(1, 18, new Uint8Array(20 * 1024 * 1024));
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 1024) pieces.push(bytes.subarray(at, at + 1024));
    const copy = jest.spyOn(Buffer.prototype, 'copy');
    const packages = read(...pieces);
    const copied = copy.mock.results.reduce((sum, { value }) => sum + (value as number), 0);
    copy.mockRestore();
    expect(packages.map(({ id }) => id)).toEqual([1]);
    expect(copied).toBeLessThan(4 * bytes.length);
  });

  it('hands over each package before the next one is read', () => {
    const reader = new PackageReader();
    const bodies: unknown[] = [];
    const bytes = Buffer.concat([packageBytes(1, 18, 'one'), packageBytes(2, 18, 'two'), Buffer.alloc(8)]);
    // What comes after them is no package.
    expect(() => reader.read(bytes, ({ body }) => bodies.push(body))).toThrow(LockProtocolError);
    expect(bodies).toEqual(['one', 'two']);
  });

  describe('of 30 packages with a million empty maps each, in one message', () => {
    const maps = Buffer.concat([Buffer.of(0xdd, 0, 0x0f, 0x42, 0x3f), Buffer.alloc(999_999, 0x80)]);
    const bytes = Buffer.concat(Array.from({ length: 30 }, (_, id) => packageOf(id, 18, maps)));

    it('reads no more values than the largest single package may have, and some', () => {
      const lengths: (number | undefined)[] = [];
      const faults: unknown[] = [];
      new PackageReader().read(bytes, ({ body, fault }) => {
        lengths.push(Array.isArray(body) ? body.length : undefined);
        faults.push(fault);
      });
      expect(lengths).toEqual([999_999, ...Array<undefined>(29).fill(undefined)]);
      expect(faults.slice(1).every((fault) => fault instanceof LockProtocolError)).toBe(true);
    });

    it('reads the next message as ever', () => {
      const reader = new PackageReader();
      reader.read(bytes, () => undefined);
      const packages: Package[] = [];
      reader.read(Buffer.concat([packageOf(1, 18, maps), packageBytes(2, 18, [])]), (one) =>
        packages.push(one),
      );
      expect(packages.map(({ fault }) => fault)).toEqual([undefined, undefined]);
    });
  });

  it('reads whatever can stand beside the largest package in a piece of a TCP stream', () => {
    const largest = Buffer.concat([Buffer.of(0xdd, 0, 0x0f, 0x42, 0x40), Buffer.alloc(1_000_000, 0xc0)]);
    const small = packageBytes(2, 18, Array<number>(1_000).fill(1));
    const packages = read(Buffer.concat([packageOf(1, 18, largest), ...Array<Buffer>(60).fill(small)]));
    expect(packages.filter(({ fault }) => fault !== undefined)).toEqual([]);
  });

  it('gives integers as numbers while these are exact and as bigint beyond, however deep', () => {
    const exact = [0n, -1n, 2n ** 53n - 1n, -(2n ** 53n - 1n)];
    const beyond = [2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];
    expect(read(packageBytes(1, 18, { deep: [{ exact, beyond, half: 0.5 }] }))[0]?.body).toEqual({
      deep: [{ exact: [0, -1, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER], beyond, half: 0.5 }],
    });
  });
});
