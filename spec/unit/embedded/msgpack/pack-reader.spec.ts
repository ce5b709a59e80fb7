import { PackReader, type Token } from '../../../../lib/embedded/msgpack/pack-reader.js';

const reader = (hex: string): PackReader => new PackReader(Buffer.from(hex, 'hex'));

/** All tokens up to the end, or up to where the data cannot be read. */
function tokens(hex: string): Token[] {
  const source = reader(hex);
  const all: Token[] = [];
  for (;;) {
    const token = source.next();
    all.push(token);
    if (token === 'end of msgpack data' || token === 'msgpack data is incomplete') return all;
  }
}

describe('reading MessagePack token by token', () => {
  it('says what comes next, and takes the words of a node', () => {
    expect(tokens('05ffcb3ff0000000000000c0c3a161c4016191c08101c1d602aabbccdd')).toEqual([
      'uint64',
      'int64',
      'float64',
      'nil',
      'boolean',
      'utf8',
      'binary',
      'array',
      'nil',
      'map',
      'uint64',
      'marked as never used',
      'extension',
      'end of msgpack data',
    ]);
  });

  it.each([
    'd905aa',
    'a3aa',
    'cf00',
    'cb00',
    'd0',
    'c4',
    'c70302aa',
    'c7',
    'd702',
    'dd0000',
    'de',
    'c9ffffffff00',
  ])('says that %s is incomplete', (hex) => expect(tokens(hex)[0]).toBe('msgpack data is incomplete'));

  it('a list is as long as it says: that the items are there is nothing it promises', () => {
    const source = reader('ddffffffff');
    expect([source.next(), source.size, source.next()]).toEqual(['array', 0xffffffff, 'end of msgpack data']);
  });

  it('gives the type and the bytes of an extension', () => {
    const source = reader('c703ff0102aa05');
    expect(source.next()).toBe('extension');
    expect([source.extension, source.data.toString('hex')]).toEqual([255, '0102aa']);
    expect([source.next(), source.integer]).toEqual(['uint64', 5n]);
  });

  it('passes over a value with all in it, and knows what is left', () => {
    const source = reader('8201920203a161d4010205');
    expect(source.skip()).toBe('map');
    expect(source.rest.toString('hex')).toBe('05');
  });

  it('passing over what is not complete ends the data', () => {
    for (const hex of ['9201', '91d905aa', '8101', 'ddffffffff', '91'.repeat(100_000)]) {
      const source = reader(hex);
      expect(source.skip()).toBe('msgpack data is incomplete');
    }
  });
});
