import type { Wire } from '../engine.js';

/** How deep values may be nested. Far above what a client sends, far below what the stack holds. */
const MAX_DEPTH = 512;

/** The bytes are not MessagePack, or hold what ThingsDB does not take. */
export class WireFormatError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WireFormatError';
  }
}

/**
 * Reads MessagePack into {@link Wire} values: integers as `bigint` in the whole range of 64 bits, floats as `number`,
 * maps as objects without a prototype (a key such as `__proto__` is a key like any other).
 */
export class WireDecoder {
  readonly #bytes: Buffer;
  #at = 0;
  #depth = 0;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /**
   * Reads the value at the start of `bytes`; what follows it is ignored, as a node does.
   * @throws WireFormatError when there is none.
   */
  static decode(bytes: Uint8Array): Wire {
    return new WireDecoder(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).#value();
  }

  #value(): Wire {
    const mark = this.#uint(1);
    if (mark <= 0x7f) return BigInt(mark);
    if (mark >= 0xe0) return BigInt(mark - 0x100);
    if (mark <= 0x8f) return this.#map(mark & 0x0f);
    if (mark <= 0x9f) return this.#array(mark & 0x0f);
    if (mark <= 0xbf) return this.#string(mark & 0x1f);
    return this.#marked(mark);
  }

  #marked(mark: number): Wire {
    switch (mark) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#binary(this.#uint(lengthBytes(mark - 0xc4)));
      case 0xca:
        return this.#bytes.readFloatBE(this.#take(4));
      case 0xcb:
        return this.#bytes.readDoubleBE(this.#take(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return BigInt(this.#uint(lengthBytes(mark - 0xcc)));
      case 0xcf:
        return this.#bytes.readBigUInt64BE(this.#take(8));
      case 0xd0:
        return BigInt(this.#bytes.readInt8(this.#take(1)));
      case 0xd1:
        return BigInt(this.#bytes.readInt16BE(this.#take(2)));
      case 0xd2:
        return BigInt(this.#bytes.readInt32BE(this.#take(4)));
      case 0xd3:
        return this.#bytes.readBigInt64BE(this.#take(8));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#string(this.#uint(lengthBytes(mark - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#uint(mark === 0xdc ? 2 : 4));
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(mark === 0xde ? 2 : 4));
      default:
        // 0xc1 is never used; the rest are extension types, of which a node takes only its own.
        throw new WireFormatError(`unexpected type byte 0x${mark.toString(16)}`);
    }
  }

  #array(length: number): Wire[] {
    this.#enter(length);
    const items: Wire[] = [];
    for (let index = 0; index < length; index += 1) items.push(this.#value());
    this.#depth -= 1;
    return items;
  }

  #map(length: number): Record<string, Wire> {
    this.#enter(length * 2);
    const entries = Object.create(null) as Record<string, Wire>;
    for (let index = 0; index < length; index += 1) {
      const key = this.#value();
      if (typeof key !== 'string') throw new WireFormatError('the keys of a map must be strings');
      entries[key] = this.#value();
    }
    this.#depth -= 1;
    return entries;
  }

  /** Every item takes a byte at least: a length beyond the bytes that are left is a lie, found before it costs memory. */
  #enter(items: number): void {
    if (items > this.#bytes.length - this.#at) throw new WireFormatError('the value is not complete');
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new WireFormatError(`values are nested deeper than ${MAX_DEPTH}`);
  }

  #string(length: number): string {
    const start = this.#take(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  #binary(length: number): Uint8Array {
    const start = this.#take(length);
    // A copy: the value may be stored, and must not keep (or share) the whole package.
    return new Uint8Array(this.#bytes.subarray(start, start + length));
  }

  #uint(bytes: number): number {
    return this.#bytes.readUIntBE(this.#take(bytes), bytes);
  }

  #take(bytes: number): number {
    const start = this.#at;
    if (start + bytes > this.#bytes.length) throw new WireFormatError('the value is not complete');
    this.#at = start + bytes;
    return start;
  }
}

/** MessagePack's three sizes of a length: 0, 1, 2 stand for one, two and four bytes. */
function lengthBytes(step: number): number {
  return 2 ** step;
}
