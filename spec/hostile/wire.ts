/** An extension type of MessagePack, as ThingsDB numbers them. */
export const Extension = {
  packed: 0,
  regex: 1,
  closure: 2,
  room: 3,
  task: 4,
  thing: 5,
  name: 6,
  anonymous: 7,
} as const;

/** A value of an extension type: code, or a reference to what is stored. */
export class ExtensionValue {
  constructor(
    readonly type: number,
    readonly bytes: Buffer,
  ) {}

  static closure(code: string): ExtensionValue {
    return new ExtensionValue(Extension.closure, Buffer.from(code));
  }

  /** A room, a task or a thing by its id. */
  static byId(type: number, id: bigint): ExtensionValue {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt.asUintN(64, id));
    return new ExtensionValue(type, bytes);
  }
}

/** Text by its bytes, which need not be UTF-8. */
export class TextBytes {
  constructor(readonly bytes: Buffer) {}
}

/** Bytes that stand for a value as they are: a header that lies, a type that does not exist. */
export class RawBytes {
  constructor(readonly bytes: Buffer) {}
}

/** A map. Its keys may be anything. */
export class SentMap {
  constructor(readonly entries: readonly (readonly [Sent, Sent])[]) {}
}

/** What a hostile client may send: an integer is a bigint, a number is a float. */
export type Sent =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | ExtensionValue
  | TextBytes
  | RawBytes
  | SentMap
  | readonly Sent[];

/** Of `[1, [2]]`, as MessagePack. Written by hand: a general library refuses to write most of what is of interest here. */
export function bytesOf(value: Sent): Buffer {
  const parts: Buffer[] = [];
  write(value, parts);
  return Buffer.concat(parts);
}

function write(value: Sent, parts: Buffer[]): void {
  if (value === null) parts.push(Buffer.of(0xc0));
  else if (typeof value === 'boolean') parts.push(Buffer.of(value ? 0xc3 : 0xc2));
  else if (typeof value === 'bigint') parts.push(integer(value));
  else if (typeof value === 'number') parts.push(float(value));
  else if (typeof value === 'string') writeSized(0xd9, Buffer.from(value), parts);
  else if (value instanceof Uint8Array) writeSized(0xc4, Buffer.from(value), parts);
  else if (value instanceof TextBytes) writeSized(0xd9, value.bytes, parts);
  else if (value instanceof RawBytes) parts.push(value.bytes);
  else if (value instanceof ExtensionValue) writeExtension(value, parts);
  else if (value instanceof SentMap) {
    parts.push(header(0xdf, value.entries.length));
    for (const [key, item] of value.entries) {
      write(key, parts);
      write(item, parts);
    }
  } else {
    parts.push(header(0xdd, value.length));
    for (const item of value) write(item, parts);
  }
}

function integer(value: bigint): Buffer {
  if (value >= 0n && value <= 0x7fn) return Buffer.of(Number(value));
  const bytes = Buffer.alloc(9);
  bytes[0] = value < 0n ? 0xd3 : 0xcf;
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value), 1);
  return bytes;
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xcb;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

/** Text and bytes come in three sizes of length each. */
function writeSized(mark: number, bytes: Buffer, parts: Buffer[]): void {
  if (bytes.length <= 0xff) parts.push(Buffer.of(mark, bytes.length), bytes);
  else parts.push(header(mark + 2, bytes.length), bytes);
}

function writeExtension({ type, bytes }: ExtensionValue, parts: Buffer[]): void {
  const start = header(0xc9, bytes.length);
  parts.push(start, Buffer.of(type & 0xff), bytes);
}

/** A type's mark and a length of four bytes. */
export function header(mark: number, length: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = mark;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

/** For people, and short: what was sent. */
export function described(value: Sent, limit = 400): string {
  const text = shown(value);
  return text.length <= limit ? text : `${text.slice(0, limit)}... (${text.length})`;
}

function shown(value: Sent): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return `float(${Object.is(value, -0) ? '-0' : value})`;
  if (value instanceof Uint8Array) return `bytes(${Buffer.from(value).toString('hex')})`;
  if (value instanceof TextBytes) return `text(${value.bytes.toString('hex')})`;
  if (value instanceof RawBytes) return `raw(${value.bytes.toString('hex')})`;
  if (value instanceof ExtensionValue) return extensionShown(value);
  if (value instanceof SentMap) {
    return `{${value.entries.map(([key, part]) => `${shown(key)}: ${shown(part)}`).join(', ')}}`;
  }
  if (isItems(value)) return `[${value.map(shown).join(', ')}]`;
  return JSON.stringify(value);
}

function extensionShown({ type, bytes }: ExtensionValue): string {
  const name = Object.entries(Extension).find(([, number]) => number === type)?.[0] ?? `extension ${type}`;
  const isCode = type === Extension.closure || type === Extension.regex;
  return `${name}(${isCode ? bytes.toString() : bytes.toString('hex')})`;
}

function isItems(value: Sent): value is readonly Sent[] {
  return Array.isArray(value);
}
