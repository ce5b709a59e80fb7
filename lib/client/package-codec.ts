/**
 * ThingsDB's packages: a header of eight bytes, then a body in MessagePack.
 *
 * | bytes | what |
 * |---|---|
 * | 0-3 | size of the body, uint32, little endian |
 * | 4-5 | id that ties an answer to its request, uint16, little endian |
 * | 6 | type |
 * | 7 | the type's complement: whoever sends anything else does not speak this protocol |
 */
import { Decoder, Encoder } from '@msgpack/msgpack';
import { LockProtocolError } from '../errors.js';

const HEADER_BYTES = 8;
/** What MessagePack holds in four bytes. */
const MAX_SHORT_INTEGER = 0x7fff_ffff;
/** Five times what a node sends at most by default (`result_size_limit`): more is no package but another protocol. */
const MAX_BODY_BYTES = 100 * 1024 * 1024;

/** One package as it came in. `body` is `undefined` for a package of a header only. */
export interface Package {
  readonly id: number;
  readonly type: number;
  readonly body: unknown;
}

// bigint on the wire is the only form in which @msgpack/msgpack keeps a 64-bit integer whole, both ways.
const encoder = new Encoder({ useBigInt64: true, ignoreUndefined: true });
const decoder = new Decoder({ useBigInt64: true });

/**
 * One package, ready to send. Without `body` it is a header only, as `ping` wants it.
 *
 * @throws LockProtocolError if the body holds what MessagePack cannot carry (a function, a symbol)
 */
export function encodePackage(id: number, type: number, body?: unknown): Uint8Array {
  const encoded = body === undefined ? undefined : encodeBody(body);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + (encoded?.length ?? 0));
  bytes.writeUInt32LE(encoded?.length ?? 0, 0);
  bytes.writeUInt16LE(id, 4);
  bytes[6] = type;
  bytes[7] = ~type & 0xff;
  if (encoded !== undefined) bytes.set(encoded, HEADER_BYTES);
  return bytes;
}

/**
 * Cuts a stream of bytes into packages, wherever its pieces happen to end: a message of the WebSocket is one package
 * today, and nothing here depends on it.
 *
 * Integers become a `number` while that is exact (up to 2^53 - 1) and a `bigint` beyond: never a rounded number.
 */
export class PackageReader {
  #rest: Buffer | undefined;

  /**
   * Takes the next bytes; returns the packages they complete.
   *
   * @throws LockProtocolError at the first thing that is not a package; nothing can be read after it
   */
  push(chunk: Buffer): Package[] {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    const packages: Package[] = [];
    let start = 0;
    while (bytes.length - start >= HEADER_BYTES) {
      const end = start + HEADER_BYTES + checkedBodySize(bytes, start);
      if (bytes.length < end) break;
      packages.push({
        id: bytes.readUInt16LE(start + 4),
        type: bytes.readUInt8(start + 6),
        body: decodeBody(bytes.subarray(start + HEADER_BYTES, end)),
      });
      start = end;
    }
    this.#rest = start === bytes.length ? undefined : bytes.subarray(start);
    return packages;
  }
}

function checkedBodySize(bytes: Buffer, start: number): number {
  const size = bytes.readUInt32LE(start);
  const type = bytes.readUInt8(start + 6);
  const check = bytes.readUInt8(start + 7);
  if (check !== 0xff - type) {
    throw new LockProtocolError(
      `not a ThingsDB package: type ${type} has check byte ${check} instead of ${0xff - type}`,
    );
  }
  if (size > MAX_BODY_BYTES) {
    throw new LockProtocolError(
      `not a ThingsDB package: its header announces ${size} bytes, more than ${MAX_BODY_BYTES}`,
    );
  }
  return size;
}

function encodeBody(body: unknown): Uint8Array {
  try {
    return encoder.encodeSharedRef(withWholeIntegers(body));
  } catch (cause) {
    throw new LockProtocolError('the request holds a value that MessagePack cannot carry', { cause });
  }
}

/** With bigints allowed, the encoder makes a float of a number beyond 32 bits: a fencing token is an integer. */
function withWholeIntegers(value: unknown): unknown {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && Math.abs(value) > MAX_SHORT_INTEGER ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map(withWholeIntegers);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withWholeIntegers(part)]));
}

function decodeBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return withExactNumbers(decoder.decode(bytes));
  } catch (cause) {
    throw new LockProtocolError('not a ThingsDB package: its body is not MessagePack', { cause });
  }
}

/** Changes `value` in place, as nobody else has seen it yet. */
function withExactNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = withExactNumbers(value[i]);
  } else if (isMap(value)) {
    for (const key in value) value[key] = withExactNumbers(value[key]);
  }
  return value;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
