import { PackReader } from './pack-reader.js';
import { Packed, type Wire } from './wire.js';

/** How deep values may be nested. Far above what a client sends, far below what the stack holds. */
const MAX_DEPTH = 512;

/** The bytes are not MessagePack. */
export class WireFormatError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WireFormatError';
  }
}

/**
 * Reads MessagePack into {@link Wire} values. Integers become a `bigint` in the whole range of 64 bits, floats a
 * `number`. Maps become objects without a prototype, so that `__proto__` is a key like any other. Extensions stay as
 * they are.
 */
export class WireDecoder {
  readonly #bytes: Uint8Array;
  readonly #reader: PackReader;
  #depth = 0;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#reader = new PackReader(bytes);
  }

  /**
   * Reads the value at the start of `bytes`; what follows it is ignored, as a node does.
   * @throws WireFormatError when there is none.
   */
  static decode(bytes: Uint8Array): Wire {
    return new WireDecoder(bytes).#value();
  }

  #value(): Wire {
    const reader = this.#reader;
    const left = reader.rest.length;
    const token = reader.next();
    switch (token) {
      case 'int64':
      case 'uint64':
        return reader.integer;
      case 'float64':
        return reader.float;
      case 'boolean':
        return reader.isTrue;
      case 'nil':
        return null;
      case 'utf8':
        return reader.data.toString('utf8');
      case 'binary':
        // A copy: the value may be stored, and must not keep (or share) the whole package.
        return new Uint8Array(reader.data);
      case 'array':
        return this.#inside(reader.size, () => this.#array(reader.size));
      case 'map':
        return this.#inside(reader.size * 2, () => this.#map(reader.size));
      case 'extension': {
        const start = this.#bytes.length - left;
        return new Packed(this.#bytes.slice(start, start + left - reader.rest.length));
      }
      default:
        throw new WireFormatError(token);
    }
  }

  #array(length: number): Wire[] {
    const items: Wire[] = [];
    for (let index = 0; index < length; index += 1) items.push(this.#value());
    return items;
  }

  #map(length: number): Record<string, Wire> {
    const entries = Object.create(null) as Record<string, Wire>;
    for (let index = 0; index < length; index += 1) {
      const key = this.#value();
      if (typeof key !== 'string') throw new WireFormatError('the keys of a map must be strings');
      entries[key] = this.#value();
    }
    return entries;
  }

  /**
   * Every item takes a byte at least. So a length beyond the bytes that are left is a lie, found before it costs
   * memory.
   */
  #inside<T>(items: number, read: () => T): T {
    if (items > this.#reader.rest.length) throw new WireFormatError('the value is not complete');
    if (this.#depth >= MAX_DEPTH) throw new WireFormatError(`values are nested deeper than ${MAX_DEPTH}`);
    this.#depth += 1;
    try {
      return read();
    } finally {
      this.#depth -= 1;
    }
  }
}
