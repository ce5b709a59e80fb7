import { Packed, type Wire } from './wire.js';

const INITIAL_BYTES = 256;
const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;

/** The value would take more bytes than were allowed. */
export class WireTooLargeError extends Error {
  constructor(readonly limitBytes: number) {
    super(`more than ${limitBytes} bytes`);
    this.name = 'WireTooLargeError';
  }
}

/**
 * Writes {@link Wire} values as MessagePack.
 *
 * A general library cannot do this. It sees one kind of number. It would write the float `1.0` as the integer `1`, or
 * every bigint in nine bytes. Here a bigint takes the least room that holds it, as a node writes it. A number is always
 * a float64.
 */
export class WireEncoder {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;
  readonly #limitBytes: number;

  constructor(limitBytes = Number.MAX_SAFE_INTEGER) {
    this.#limitBytes = limitBytes;
  }

  /**
   * @throws WireTooLargeError past the limit of bytes.
   * @throws RangeError for an integer that 64 bits do not hold.
   */
  static encode(value: Wire, limitBytes?: number): Buffer {
    const encoder = new WireEncoder(limitBytes);
    encoder.#value(value);
    return encoder.#bytes.subarray(0, encoder.#length);
  }

  #value(value: Wire): void {
    if (value === null) this.#byte(0xc0);
    else if (typeof value === 'boolean') this.#byte(value ? 0xc3 : 0xc2);
    else if (typeof value === 'bigint') this.#int(value);
    else if (typeof value === 'number') this.#float(value);
    else if (typeof value === 'string') this.#string(value);
    else if (value instanceof Uint8Array) this.#binary(value);
    else if (value instanceof Packed) this.#append(value.bytes);
    else if (isArray(value)) this.#array(value);
    else this.#map(value);
  }

  #int(value: bigint): void {
    if (value >= 0n) {
      if (value <= 0x7fn) this.#byte(Number(value));
      else if (value <= 0xffn) this.#sized(0xcc, 1, Number(value));
      else if (value <= 0xffffn) this.#sized(0xcd, 2, Number(value));
      else if (value <= 0xffff_ffffn) this.#sized(0xce, 4, Number(value));
      else this.#int64(0xcf, value);
    } else if (value >= -0x20n) this.#byte(Number(value) & 0xff);
    else if (value >= -0x80n) this.#sized(0xd0, 1, Number(value) & 0xff);
    else if (value >= -0x8000n) this.#sized(0xd1, 2, Number(value) & 0xffff);
    else if (value >= -0x8000_0000n) this.#sized(0xd2, 4, Number(value) >>> 0);
    else this.#int64(0xd3, value);
  }

  #int64(mark: number, value: bigint): void {
    if (value < INT64_MIN || value > UINT64_MAX) throw new RangeError(`${value} does not fit in 64 bits`);
    this.#byte(mark);
    this.#reserve(8);
    this.#bytes.writeBigUInt64BE(BigInt.asUintN(64, value), this.#length);
    this.#length += 8;
  }

  #float(value: number): void {
    this.#byte(0xcb);
    this.#reserve(8);
    this.#bytes.writeDoubleBE(value, this.#length);
    this.#length += 8;
  }

  #string(value: string): void {
    const length = Buffer.byteLength(value);
    if (length <= 0x1f) this.#byte(0xa0 | length);
    else if (length <= 0xff) this.#sized(0xd9, 1, length);
    else if (length <= 0xffff) this.#sized(0xda, 2, length);
    else this.#sized(0xdb, 4, length);
    this.#reserve(length);
    this.#bytes.write(value, this.#length);
    this.#length += length;
  }

  #binary(value: Uint8Array): void {
    if (value.length <= 0xff) this.#sized(0xc4, 1, value.length);
    else if (value.length <= 0xffff) this.#sized(0xc5, 2, value.length);
    else this.#sized(0xc6, 4, value.length);
    this.#append(value);
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #array(value: readonly Wire[]): void {
    if (value.length <= 0xf) this.#byte(0x90 | value.length);
    else if (value.length <= 0xffff) this.#sized(0xdc, 2, value.length);
    else this.#sized(0xdd, 4, value.length);
    for (const item of value) this.#value(item);
  }

  #map(value: { readonly [key: string]: Wire }): void {
    const entries = Object.entries(value);
    if (entries.length <= 0xf) this.#byte(0x80 | entries.length);
    else if (entries.length <= 0xffff) this.#sized(0xde, 2, entries.length);
    else this.#sized(0xdf, 4, entries.length);
    for (const [key, item] of entries) {
      this.#string(key);
      this.#value(item);
    }
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  #sized(mark: number, bytes: 1 | 2 | 4, value: number): void {
    this.#byte(mark);
    this.#reserve(bytes);
    this.#bytes.writeUIntBE(value, this.#length, bytes);
    this.#length += bytes;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed > this.#limitBytes) throw new WireTooLargeError(this.#limitBytes);
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

function isArray(value: Wire): value is readonly Wire[] {
  return Array.isArray(value);
}
