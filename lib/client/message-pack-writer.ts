import { Buffer } from 'node:buffer';
import { LockProtocolError } from '../errors.js';

/** Far above what a request holds; whoever is in here that deep has a value that holds itself. */
const MAX_DEPTH = 100;
const FIRST_BYTES = 4_096;
/** A buffer that one large request has made longer than this is not kept for the next. */
const MAX_KEPT_BYTES = 256 * 1024;
/** Up to this a loop in JavaScript is faster than a call into the buffer's own encoder. */
const SHORT_TEXT = 48;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Writes values as MessagePack into a buffer that is used again and again.
 *
 * A whole number is written as an integer, however large it is: a fencing token is no float. A `bigint` is too. In a map
 * `undefined` is left out, elsewhere it is nil.
 */
export class MessagePackWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  /** How many bytes have been written since {@link restart}. */
  get length(): number {
    return this.#length;
  }

  /** Begins anew, leaving room for `reserved` bytes in front. */
  restart(reserved = 0): void {
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
    this.#length = reserved;
  }

  /** A copy of what has been written, reserved bytes included. */
  take(): Buffer {
    const copy = Buffer.allocUnsafe(this.#length);
    this.#bytes.copy(copy, 0, 0, this.#length);
    return copy;
  }

  /** @throws LockProtocolError for a value that MessagePack cannot carry, or not without changing it */
  write(value: unknown, depth = 0): void {
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'number':
        return Number.isSafeInteger(value) ? this.#integer(value) : this.#float(value);
      case 'boolean':
        return this.#byte(value ? 0xc3 : 0xc2);
      case 'undefined':
        return this.#byte(0xc0);
      case 'bigint':
        return this.#bigInteger(value);
      case 'object':
        return value === null ? this.#byte(0xc0) : this.#object(value, depth);
      default:
        throw unfit(`a ${typeof value}`);
    }
  }

  /** The head of a list; that many values must follow. */
  list(length: number): void {
    if (length <= 15) this.#byte(0x90 | length);
    else this.#head(0xdc, length);
  }

  /** The head of a list of bytes; that many bytes must follow. */
  binary(length: number): void {
    if (length <= 0xff) {
      this.#room(2);
      this.#bytes[this.#length++] = 0xc4;
      this.#bytes[this.#length++] = length;
    } else {
      this.#head(0xc5, length);
    }
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #object(value: object, depth: number): void {
    if (depth >= MAX_DEPTH) throw unfit(`values nested deeper than ${MAX_DEPTH}`);
    if (Array.isArray(value)) {
      this.list(value.length);
      for (const item of value) this.write(item, depth + 1);
    } else if (ArrayBuffer.isView(value)) {
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      this.binary(bytes.length);
      this.raw(bytes);
    } else {
      this.#map(value as Record<string, unknown>, depth);
    }
  }

  #map(value: Record<string, unknown>, depth: number): void {
    const kind = Object.prototype.toString.call(value);
    if (kind !== '[object Object]') throw unfit(kind);
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    if (keys.length <= 15) this.#byte(0x80 | keys.length);
    else this.#head(0xde, keys.length);
    for (const key of keys) {
      this.#text(key);
      this.write(value[key], depth + 1);
    }
  }

  /** Text that is short and nothing but ASCII at once, as nearly all is. */
  #text(text: string): void {
    const { length } = text;
    if (length > SHORT_TEXT) return this.#anyText(text);
    const start = this.#length;
    if (start + 2 + length > this.#bytes.length) this.#grow(2 + length);
    const bytes = this.#bytes;
    let at = start;
    if (length <= 31) {
      bytes[at++] = 0xa0 | length;
    } else {
      bytes[at++] = 0xd9;
      bytes[at++] = length;
    }
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return this.#anyText(text);
      bytes[at++] = code;
    }
    this.#length = at;
  }

  #anyText(text: string): void {
    const size = Buffer.byteLength(text);
    // Whatever stood for them would make one name of two.
    if (size !== text.length && LONE_SURROGATE.test(text)) throw unfit('text with half a character in it');
    if (size <= 31) {
      this.#byte(0xa0 | size);
    } else if (size <= 0xff) {
      this.#byte(0xd9);
      this.#byte(size);
    } else {
      this.#head(0xda, size);
    }
    this.#room(size);
    this.#length += this.#bytes.write(text, this.#length);
  }

  #integer(value: number): void {
    if (value >= 0 ? value <= 0x7f : value >= -0x20) return this.#byte(value & 0xff);
    this.#room(9);
    const bytes = this.#bytes;
    if (value >= 0 && value <= 0xff) {
      bytes[this.#length++] = 0xcc;
      bytes[this.#length++] = value;
    } else if (value >= 0 && value <= 0xffff) {
      bytes[this.#length++] = 0xcd;
      this.#length = bytes.writeUInt16BE(value, this.#length);
    } else if (value >= 0 && value <= 0xffff_ffff) {
      bytes[this.#length++] = 0xce;
      this.#length = bytes.writeUInt32BE(value, this.#length);
    } else if (value < 0 && value >= -0x8000_0000) {
      bytes[this.#length++] = 0xd2;
      this.#length = bytes.writeInt32BE(value, this.#length);
    } else {
      bytes[this.#length++] = 0xd3;
      this.#length = bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), this.#length);
      this.#length = bytes.writeUInt32BE(value >>> 0, this.#length);
    }
  }

  #bigInteger(value: bigint): void {
    this.#room(9);
    if (BigInt.asIntN(64, value) === value) {
      this.#bytes[this.#length++] = 0xd3;
      this.#length = this.#bytes.writeBigInt64BE(value, this.#length);
    } else if (BigInt.asUintN(64, value) === value) {
      this.#bytes[this.#length++] = 0xcf;
      this.#length = this.#bytes.writeBigUInt64BE(value, this.#length);
    } else {
      throw unfit('an integer of more than 64 bits');
    }
  }

  #float(value: number): void {
    this.#room(9);
    this.#bytes[this.#length++] = 0xcb;
    this.#length = this.#bytes.writeDoubleBE(value, this.#length);
  }

  /** A mark with a length of two bytes, or the next mark with one of four. */
  #head(mark: number, length: number): void {
    this.#room(5);
    if (length <= 0xffff) {
      this.#bytes[this.#length++] = mark;
      this.#length = this.#bytes.writeUInt16BE(length, this.#length);
    } else {
      this.#bytes[this.#length++] = mark + 1;
      this.#length = this.#bytes.writeUInt32BE(length, this.#length);
    }
  }

  #byte(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = byte;
  }

  #room(bytes: number): void {
    if (this.#length + bytes > this.#bytes.length) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    const longer = Buffer.allocUnsafe(Math.max(this.#length + bytes, 2 * this.#bytes.length));
    this.#bytes.copy(longer, 0, 0, this.#length);
    this.#bytes = longer;
  }
}

function unfit(what: string): LockProtocolError {
  return new LockProtocolError(`the request holds what MessagePack cannot carry: ${what}`);
}
