import { decode } from '@msgpack/msgpack';
import { LockProtocolError } from '../../../lib/errors.js';
import { PackageReader, encodePackage } from '../../../lib/client/package-codec.js';
import { packageBytes } from '../../support/fake-server.js';

const read = (bytes: Buffer) => new PackageReader().push(bytes);

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
    ).toBe('cf4000000000000000');
    expect(
      Buffer.from(encodePackage(1, 37, -(2n ** 63n)))
        .subarray(8)
        .toString('hex'),
    ).toBe('d38000000000000000');
  });

  it('refuses what MessagePack cannot carry', () => {
    expect(() => encodePackage(1, 37, [() => 1])).toThrow(LockProtocolError);
  });
});

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
      const reader = new PackageReader();
      const packages = [...reader.push(bytes.subarray(0, cut)), ...reader.push(bytes.subarray(cut))];
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

  it.each([
    ['an unused byte', 'c1'],
    ['a string cut short', 'a5616263'],
    ['two values', '0102'],
  ])('refuses a body that is not MessagePack: %s', (_what, hex) => {
    const body = Buffer.from(hex, 'hex');
    const header = packageBytes(1, 18);
    header.writeUInt32LE(body.length, 0);
    expect(() => read(Buffer.concat([header, body]))).toThrow(LockProtocolError);
  });

  it('gives integers as numbers while these are exact and as bigint beyond, however deep', () => {
    const exact = [0n, -1n, 2n ** 53n - 1n, -(2n ** 53n - 1n)];
    const beyond = [2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];
    expect(read(packageBytes(1, 18, { deep: [{ exact, beyond, half: 0.5 }] }))[0]?.body).toEqual({
      deep: [{ exact: [0, -1, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER], beyond, half: 0.5 }],
    });
  });
});
