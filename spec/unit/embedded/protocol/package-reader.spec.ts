import fc from 'fast-check';
import { MalformedPackageError } from '../../../../lib/embedded/protocol/malformed-package-error.js';
import { encodePackage, MAX_BODY_BYTES, type Package } from '../../../../lib/embedded/protocol/package.js';
import { PackageReader } from '../../../../lib/embedded/protocol/package-reader.js';

const packages = [
  { id: 1, type: 32, body: Buffer.alloc(0) },
  { id: 0xffff, type: 8, body: Buffer.from('a body') },
  { id: 2, type: 255, body: Buffer.from([0]) },
  { id: 3, type: 0, body: Buffer.alloc(300, 7) },
];
const stream = Buffer.concat(packages.map(({ id, type, body }) => encodePackage(id, type, body)));

function readAll(chunks: readonly Buffer[]): Package[] {
  const reader = new PackageReader();
  const found: Package[] = [];
  for (const chunk of chunks)
    reader.read(chunk, (pkg) => found.push({ ...pkg, body: Buffer.from(pkg.body) }));
  return found;
}

describe('the reader of packages', () => {
  it('finds them when the stream is split in two at any byte', () => {
    for (let at = 0; at <= stream.length; at += 1) {
      expect(readAll([stream.subarray(0, at), stream.subarray(at)])).toEqual(packages);
    }
  });

  it('finds them byte by byte', () => {
    expect(readAll([...stream].map((byte) => Buffer.from([byte])))).toEqual(packages);
  });

  it('finds them however the stream is cut', () => {
    const cuts = fc.array(fc.nat(stream.length), { maxLength: 20 });
    fc.assert(
      fc.property(cuts, (points) => {
        const edges = [0, ...points.sort((a, b) => a - b), stream.length];
        const chunks = edges.slice(1).map((edge, index) => stream.subarray(edges[index], edge));
        expect(readAll(chunks)).toEqual(packages);
      }),
    );
  });

  it('hands over the whole packages in front of a malformed one', () => {
    const found: Package[] = [];
    const reader = new PackageReader();
    const broken = encodePackage(9, 32);
    broken[7] = 0;
    expect(() => reader.read(Buffer.concat([stream, broken]), (pkg) => found.push(pkg))).toThrow(
      MalformedPackageError,
    );
    expect(found).toHaveLength(packages.length);
  });

  it('refuses a length beyond the limit before any of the body has come', () => {
    const header = encodePackage(1, 34);
    header.writeUInt32LE(MAX_BODY_BYTES + 1, 0);
    expect(() => new PackageReader().read(header, () => undefined)).toThrow(/limit/);
  });
});
