/** How deep values may be nested: ThingsDB itself stops at half of it, and the stack holds much more. */
const MAX_DEPTH = 256;
/** Values in one package. What we ask for has fewer, even in the largest package of a node (20 MB by default). */
export const MAX_ITEMS = 1_000_000;
/** Up to this a loop in JavaScript is faster than a call into the buffer's own decoder. */
const SHORT_TEXT = 24;

/** The bytes are no value of MessagePack, or one that nobody sends who means well. */
class MessagePackError extends Error {
  override readonly name = 'MessagePackError';
}

/**
 * Reads one value of MessagePack out of bytes that anybody may have made. Nothing in them costs more time or memory
 * than their number allows.
 *
 * An integer becomes a `number` while that is exact (up to 2^53 - 1) and a `bigint` beyond. Extension types are refused:
 * ThingsDB sends none to clients, except to those who have been sent some by another client.
 */
export class MessagePackReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #depth = 0;
  #items = 0;
  #mostItems = MAX_ITEMS;

  /** How many values were in the lists and maps that were read last, even if they were broken off. */
  get items(): number {
    return this.#items;
  }

  /**
   * The value that fills `bytes` from `start` to `end`, with so many values in it at most.
   *
   * @throws MessagePackError if there is none, it does not end there, or it is beyond the limits
   */
  read(bytes: Buffer, start: number, end: number, mostItems = MAX_ITEMS): unknown {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#depth = 0;
    this.#items = 0;
    this.#mostItems = mostItems;
    try {
      const value = this.#value();
      if (this.#at !== end) throw new MessagePackError('something stands behind the value');
      return value;
    } finally {
      // Not to be kept in memory by this.
      this.#bytes = EMPTY;
    }
  }

  #value(): unknown {
    const at = this.#at;
    if (at >= this.#end) throw tooShort();
    this.#at = at + 1;
    const mark = this.#bytes[at] as number;
    if (mark <= 0x7f) return mark;
    if (mark >= 0xe0) return mark - 0x100;
    if (mark <= 0x8f) return this.#map(mark & 0x0f);
    if (mark <= 0x9f) return this.#list(mark & 0x0f);
    if (mark <= 0xbf) return this.#text(mark & 0x1f);
    return this.#marked(mark);
  }

  #marked(mark: number): unknown {
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
        return this.#binary(this.#unsigned(1 << (mark - 0xc4)));
      case 0xca:
        return this.#bytes.readFloatBE(this.#take(4));
      case 0xcb:
        return this.#bytes.readDoubleBE(this.#take(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#unsigned(1 << (mark - 0xcc));
      case 0xcf:
      case 0xd3:
        return this.#long(mark === 0xd3);
      case 0xd0:
        return this.#bytes.readInt8(this.#take(1));
      case 0xd1:
        return this.#bytes.readInt16BE(this.#take(2));
      case 0xd2:
        return this.#bytes.readInt32BE(this.#take(4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#unsigned(1 << (mark - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#unsigned(mark === 0xdc ? 2 : 4));
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(mark === 0xde ? 2 : 4));
      default:
        throw new MessagePackError(
          mark === 0xc1 ? 'byte 0xc1, which MessagePack does not use' : 'an extension type',
        );
    }
  }

  #list(length: number): unknown[] {
    this.#enter(length);
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(this.#value());
    this.#depth--;
    return items;
  }

  #map(length: number): Record<string, unknown> {
    this.#enter(2 * length);
    const entries: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      const key = this.#value();
      if (typeof key !== 'string') throw new MessagePackError('a key that is not text');
      if (key === '__proto__') define(entries, key, this.#value());
      else entries[key] = this.#value();
    }
    this.#depth--;
    return entries;
  }

  /** Each item takes a byte at least: what claims more than there are is found out before it costs memory. */
  #enter(items: number): void {
    if (items > this.#end - this.#at) throw tooShort();
    if ((this.#items += items) > this.#mostItems) throw new MessagePackError(`more than ${MAX_ITEMS} values`);
    if (++this.#depth > MAX_DEPTH) throw new MessagePackError(`values nested deeper than ${MAX_DEPTH}`);
  }

  #text(size: number): string {
    const start = this.#take(size);
    if (size <= SHORT_TEXT) {
      let text = '';
      for (let at = start; at < start + size; at++) {
        const code = this.#bytes[at] as number;
        if (code > 0x7f) return this.#bytes.toString('utf8', start, start + size);
        text += String.fromCharCode(code);
      }
      return text;
    }
    return this.#bytes.toString('utf8', start, start + size);
  }

  /** A copy: a few bytes that somebody keeps must not keep the whole package. */
  #binary(size: number): Uint8Array {
    const start = this.#take(size);
    return new Uint8Array(this.#bytes.subarray(start, start + size));
  }

  #long(isSigned: boolean): number | bigint {
    const start = this.#take(8);
    const bytes = this.#bytes;
    const high = uint32(bytes, start);
    const value = (isSigned ? high | 0 : high) * 0x1_0000_0000 + uint32(bytes, start + 4);
    if (Number.isSafeInteger(value)) return value;
    return isSigned ? bytes.readBigInt64BE(start) : bytes.readBigUInt64BE(start);
  }

  #unsigned(size: number): number {
    const start = this.#take(size);
    if (size === 1) return this.#bytes[start] as number;
    return size === 2 ? this.#bytes.readUInt16BE(start) : uint32(this.#bytes, start);
  }

  #take(size: number): number {
    const start = this.#at;
    if (size > this.#end - start) throw tooShort();
    this.#at = start + size;
    return start;
  }
}

const EMPTY = Buffer.alloc(0);

/** Four bytes in the order of the network. The buffer's own decoders check their arguments, which takes longer than this. */
function uint32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  const low = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  return high * 0x1_0000 + low;
}

function tooShort(): MessagePackError {
  return new MessagePackError('it claims more than there is');
}

/** As a key like any other, not as the prototype. */
function define(entries: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(entries, key, { value, enumerable: true, writable: true, configurable: true });
}
