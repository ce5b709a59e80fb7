/** What comes next in MessagePack data; the words are those that a node's errors use. */
export type Token =
  | 'int64'
  | 'uint64'
  | 'float64'
  | 'binary'
  | 'utf8'
  | 'boolean'
  | 'nil'
  | 'array'
  | 'map'
  | 'extension'
  | 'marked as never used'
  | 'msgpack data is incomplete'
  | 'end of msgpack data';

/** How deep {@link PackReader.skip} goes before it takes the data for incomplete. */
const MAX_SKIP_DEPTH = 512;

const EMPTY = Buffer.alloc(0);

/**
 * Reads MessagePack token by token, as a node does. Nothing is looked at before it is needed. So what is wrong with one
 * argument is said of that argument.
 */
export class PackReader {
  readonly #bytes: Buffer;
  #at = 0;
  /** Of an `int64` or `uint64`. */
  integer = 0n;
  /** Of a `float64`. */
  float = 0;
  isTrue = false;
  /** Of an `array` or `map`: how many items or pairs follow. Nothing says that they do. */
  size = 0;
  /** Of `binary`, `utf8` and an `extension`; a view on the data that was given. */
  data: Buffer = EMPTY;
  /** Of an `extension`. */
  extension = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** All that has not been read. */
  get rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  /** The bytes of `utf8` text, one character each. */
  get text(): string {
    return this.data.toString('latin1');
  }

  next(): Token {
    if (this.#at >= this.#bytes.length) return 'end of msgpack data';
    const mark = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    if (mark <= 0x7f) return this.#integer('uint64', BigInt(mark));
    if (mark >= 0xe0) return this.#integer('int64', BigInt(mark - 0x100));
    if (mark <= 0x8f) return this.#container('map', mark & 0x0f);
    if (mark <= 0x9f) return this.#container('array', mark & 0x0f);
    if (mark <= 0xbf) return this.#take('utf8', mark & 0x1f);
    return this.#marked(mark);
  }

  /** Passes over one value, with all in it. */
  skip(depth = 0): Token {
    const token = this.next();
    if (token === 'msgpack data is incomplete') this.#at = this.#bytes.length;
    if (token !== 'array' && token !== 'map') return token;
    if (depth > MAX_SKIP_DEPTH) return 'msgpack data is incomplete';
    for (let left = token === 'map' ? this.size * 2 : this.size; left > 0; left -= 1) {
      const item = this.skip(depth + 1);
      if (item === 'end of msgpack data' || item === 'msgpack data is incomplete') {
        return 'msgpack data is incomplete';
      }
    }
    return token;
  }

  #marked(mark: number): Token {
    switch (mark) {
      case 0xc0:
        return 'nil';
      case 0xc1:
        return 'marked as never used';
      case 0xc2:
      case 0xc3:
        this.isTrue = mark === 0xc3;
        return 'boolean';
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#sized('binary', 2 ** (mark - 0xc4));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#sized('extension', 2 ** (mark - 0xc7));
      case 0xca:
      case 0xcb:
        return this.#float(mark === 0xca ? 4 : 8);
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return this.#unsigned(2 ** (mark - 0xcc));
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return this.#signed(2 ** (mark - 0xd0));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#take('extension', 2 ** (mark - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#sized('utf8', 2 ** (mark - 0xd9));
      case 0xdc:
      case 0xdd:
        return this.#sized('array', mark === 0xdc ? 2 : 4);
      default:
        return this.#sized('map', mark === 0xde ? 2 : 4);
    }
  }

  #integer(token: 'int64' | 'uint64', value: bigint): Token {
    this.integer = value;
    return token;
  }

  #container(token: 'array' | 'map', size: number): Token {
    this.size = size;
    return token;
  }

  /** A length of so many bytes, and what it is the length of. */
  #sized(token: 'binary' | 'extension' | 'utf8' | 'array' | 'map', lengthBytes: number): Token {
    if (!this.#has(lengthBytes)) return 'msgpack data is incomplete';
    const length = this.#bytes.readUIntBE(this.#at, lengthBytes);
    this.#at += lengthBytes;
    return token === 'array' || token === 'map' ? this.#container(token, length) : this.#take(token, length);
  }

  #take(token: 'binary' | 'extension' | 'utf8', length: number): Token {
    if (token === 'extension') {
      if (!this.#has(1)) return 'msgpack data is incomplete';
      this.extension = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
    }
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) return 'msgpack data is incomplete';
    this.data = this.#bytes.subarray(start, this.#at);
    return token;
  }

  #float(size: 4 | 8): Token {
    if (!this.#has(size)) return 'msgpack data is incomplete';
    this.float = size === 4 ? this.#bytes.readFloatBE(this.#at) : this.#bytes.readDoubleBE(this.#at);
    this.#at += size;
    return 'float64';
  }

  #unsigned(size: number): Token {
    if (!this.#has(size)) return 'msgpack data is incomplete';
    const at = this.#at;
    this.#at += size;
    return this.#integer(
      'uint64',
      size === 8 ? this.#bytes.readBigUInt64BE(at) : BigInt(this.#bytes.readUIntBE(at, size)),
    );
  }

  #signed(size: number): Token {
    if (!this.#has(size)) return 'msgpack data is incomplete';
    const at = this.#at;
    this.#at += size;
    return this.#integer(
      'int64',
      size === 8 ? this.#bytes.readBigInt64BE(at) : BigInt(this.#bytes.readIntBE(at, size)),
    );
  }

  #has(bytes: number): boolean {
    return this.#at + bytes <= this.#bytes.length;
  }
}
