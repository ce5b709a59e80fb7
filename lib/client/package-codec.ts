/**
 * ThingsDB's packages: a header of eight bytes, then a body in MessagePack.
 *
 * | bytes | what |
 * |---|---|
 * | 0-3 | size of the body, uint32, little endian |
 * | 4-5 | id that ties an answer to its request, uint16, little endian |
 * | 6 | type |
 * | 7 | the type's complement, by which a stranger to this protocol is known |
 */
import { Buffer } from 'node:buffer';
import { LockProtocolError } from '../errors.js';
import { MAX_ITEMS, MessagePackReader } from './message-pack-reader.js';
import { MessagePackWriter } from './message-pack-writer.js';

export const HEADER_BYTES = 8;
/** Above the most that a node sends by default (`result_size_limit`, 20 MB): more is no package but another protocol. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;

/**
 * Values in the packages that come in together. The bound is the largest package, with what stands beside it in one
 * piece of a TCP stream. Such a piece has at most 64 KB. A message of a WebSocket is larger, and has one package if it
 * comes from ThingsDB.
 */
const MAX_ITEMS_AT_ONCE = MAX_ITEMS + 64 * 1024;

/** One package as it came in. `body` is `undefined` for a package of a header only. */
export interface Package {
  readonly id: number;
  readonly type: number;
  readonly body: unknown;
  /** Why the body could not be read. What comes after this package can be. */
  readonly fault?: LockProtocolError;
}

const EMPTY = Buffer.alloc(0);
const writer = new MessagePackWriter();
const reader = new MessagePackReader();

/**
 * One package, ready to send. Without `body` it is a header only, as `ping` wants it.
 *
 * @throws LockProtocolError if the body holds what MessagePack cannot carry (a function, a symbol)
 */
export function encodePackage(id: number, type: number, body?: unknown): Buffer {
  writer.restart(HEADER_BYTES);
  if (body !== undefined) writer.write(body);
  const bytes = writer.take();
  writeHeader(bytes, id, type, bytes.length - HEADER_BYTES);
  return bytes;
}

export function writeHeader(bytes: Buffer, id: number, type: number, bodySize: number): void {
  // Without the buffer's own methods: they check their arguments, which takes longer than this.
  bytes[0] = bodySize & 0xff;
  bytes[1] = (bodySize >> 8) & 0xff;
  bytes[2] = (bodySize >> 16) & 0xff;
  bytes[3] = bodySize >>> 24;
  bytes[4] = id & 0xff;
  bytes[5] = id >> 8;
  bytes[6] = type;
  bytes[7] = ~type & 0xff;
}

/**
 * Cuts a stream of bytes into packages, wherever its pieces end, in a time that grows with the bytes only. A message of
 * the WebSocket is one package today, and nothing here depends on it.
 *
 * Integers up to 2^53 - 1 become a `number`, which is exact. Greater ones become a `bigint`. No number is rounded.
 */
export class PackageReader {
  /** What has come of an unfinished package, at the beginning of a buffer with room for more. */
  #begun: Buffer = EMPTY;
  #length = 0;
  /** How many bytes there must be before it is of use to look again. */
  #needed = HEADER_BYTES;

  /**
   * Takes the next bytes. Each package that they complete is handed over before the next is read. So one at a time is
   * in memory.
   *
   * @throws LockProtocolError at the first thing that is not a package; nothing can be read after it
   */
  read(piece: Buffer, each: (message: Package) => void): void {
    const bytes = this.#length === 0 ? piece : this.#append(piece);
    if (bytes.length < this.#needed) {
      if (this.#length === 0) this.#append(piece);
      return;
    }
    let start = 0;
    let itemsLeft = MAX_ITEMS_AT_ONCE;
    this.#needed = HEADER_BYTES;
    while (bytes.length - start >= HEADER_BYTES) {
      const end = start + HEADER_BYTES + checkedBodySize(bytes, start);
      if (bytes.length < end) {
        this.#needed = end - start;
        break;
      }
      const message = readPackage(bytes, start, end, Math.min(MAX_ITEMS, itemsLeft));
      if (end - start > HEADER_BYTES) itemsLeft -= reader.items;
      start = end;
      each(message);
    }
    this.#length = 0;
    this.#begun = EMPTY;
    if (start < bytes.length) this.#append(bytes.subarray(start));
  }

  /** Twice the room each time it runs out: every byte is copied a few times, however small the pieces. */
  #append(piece: Buffer): Buffer {
    const length = this.#length + piece.length;
    if (length > this.#begun.length) {
      const longer = Buffer.allocUnsafe(Math.max(length, 2 * this.#begun.length));
      this.#begun.copy(longer, 0, 0, this.#length);
      this.#begun = longer;
    }
    piece.copy(this.#begun, this.#length);
    this.#length = length;
    return this.#begun.subarray(0, length);
  }
}

function readPackage(bytes: Buffer, start: number, end: number, mostItems: number): Package {
  const id = (bytes[start + 4] as number) | ((bytes[start + 5] as number) << 8);
  const type = bytes[start + 6] as number;
  const bodyStart = start + HEADER_BYTES;
  if (bodyStart === end) return { id, type, body: undefined };
  try {
    return { id, type, body: reader.read(bytes, bodyStart, end, mostItems) };
  } catch (cause) {
    const why = (cause as Error).message;
    return {
      id,
      type,
      body: undefined,
      fault: new LockProtocolError(`it cannot be read: ${why}`, { cause }),
    };
  }
}

function checkedBodySize(bytes: Buffer, start: number): number {
  const low = (bytes[start] as number) | ((bytes[start + 1] as number) << 8);
  const size = low + ((bytes[start + 2] as number) | ((bytes[start + 3] as number) << 8)) * 0x1_0000;
  const type = bytes[start + 6] as number;
  const check = bytes[start + 7] as number;
  if (check !== 0xff - type) {
    const isHttp = bytes.toString('latin1', start, start + 5) === 'HTTP/';
    const hint = isHttp
      ? 'it speaks HTTP; use ws:// for a WebSocket port'
      : `type ${type}, check byte ${check}`;
    throw new LockProtocolError(`not a ThingsDB package: ${hint}`);
  }
  if (size > MAX_BODY_BYTES) {
    throw new LockProtocolError(
      `not a ThingsDB package: its header announces ${size} bytes, more than ${MAX_BODY_BYTES}`,
    );
  }
  return size;
}
