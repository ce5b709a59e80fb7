import { type RoomKey, ThingsError } from '../engine/engine.js';
import { PackReader } from '../msgpack/pack-reader.js';
import { Packed, type Wire } from '../msgpack/wire.js';

const BAD_DATA = -53;
const TYPE_ERROR = -61;

const DOCS = 'https://docs.thingsdb.io/v1';
const UINT64_RANGE = 2n ** 64n;
const ARRAY_HEADER_BYTES = 5;

/** `[scope, code, variables?]` */
export interface QueryRequest {
  readonly scope: string;
  readonly code: string;
  readonly vars: Wire;
}

/** `[scope, procedure, arguments?]`; the arguments are a list, a map or nil. */
export interface RunRequest {
  readonly scope: string;
  readonly procedure: string;
  readonly args: Wire;
}

/** `[scope, ...rooms]` */
export interface RoomsRequest {
  readonly scope: string;
  readonly rooms: readonly RoomKey[];
}

/** `[scope, room, event, ...arguments]` */
export interface EmitRequest {
  readonly scope: string;
  readonly room: RoomKey;
  readonly event: string;
  /** A list. */
  readonly args: Packed;
}

/** `[user, password]` or a token. */
export function readCredentials(body: Uint8Array): Wire {
  const reader = new PackReader(body);
  const token = reader.next();
  if (token === 'utf8') return textOf(reader);
  if (token === 'array' && reader.size === 2) {
    const credentials = [
      reader.next() === 'utf8' && textOf(reader),
      reader.next() === 'utf8' && textOf(reader),
    ];
    if (!credentials.includes(false)) return credentials;
  }
  throw new ThingsError(BAD_DATA, 'invalid authentication request');
}

export function readQuery(body: Uint8Array): QueryRequest {
  const { scope, reader } = readScope(body);
  if (reader.next() !== 'utf8') {
    throw new ThingsError(
      TYPE_ERROR,
      `expecting the code in a \`query\` request to be of type \`string\`; see ${DOCS}/connect/socket/query`,
    );
  }
  return { scope, code: textOf(reader), vars: restOf(reader) };
}

export function readRun(body: Uint8Array): RunRequest {
  const { scope, size, reader } = readScope(body);
  if (size < 2 || reader.next() !== 'utf8') {
    throw new ThingsError(
      TYPE_ERROR,
      'expecting the array in a `run` request to have a second value of type `str`; ' +
        `see ${DOCS}/procedures-api`,
    );
  }
  return { scope, procedure: textOf(reader), args: restOf(reader) };
}

/** What is neither a number nor text ends the list, as `null`: it is refused after those before it. */
export function readRooms(body: Uint8Array): RoomsRequest {
  const { scope, size, reader } = readScope(body);
  const rooms: RoomKey[] = [];
  for (let left = size - 1; left > 0 && rooms.at(-1) !== null; left -= 1) rooms.push(readRoomKey(reader));
  return { scope, rooms };
}

/** @throws ThingsError -53 when there is no room or no event */
export function readEmit(body: Uint8Array): EmitRequest {
  const { scope, size, reader } = readScope(body);
  const token = size < 3 ? 'end of msgpack data' : reader.next();
  const room =
    token === 'uint64' || (token === 'int64' && reader.integer >= 0n)
      ? reader.integer
      : token === 'utf8'
        ? textOf(reader)
        : null;
  if (NO_VALUE.has(token) || reader.next() !== 'utf8')
    throw new ThingsError(BAD_DATA, 'invalid emit request');
  return { scope, room, event: textOf(reader), args: listOf(size - 3, reader.rest) };
}

const NO_VALUE: ReadonlySet<string> = new Set([
  'end of msgpack data',
  'msgpack data is incomplete',
  'marked as never used',
]);

function readScope(body: Uint8Array): { scope: string; size: number; reader: PackReader } {
  const reader = new PackReader(body);
  if (reader.next() === 'array') {
    const { size } = reader;
    if (size > 0 && reader.next() === 'utf8') return { scope: textOf(reader), size, reader };
  }
  throw new ThingsError(BAD_DATA, 'expecting the request to contain an array with as scope as first item');
}

function readRoomKey(reader: PackReader): RoomKey {
  switch (reader.next()) {
    case 'utf8':
      return textOf(reader);
    case 'uint64':
      return reader.integer;
    case 'int64':
      // A negative id is taken for the unsigned number with the same bits, which no room has.
      return reader.integer < 0n ? reader.integer + UINT64_RANGE : reader.integer;
    default:
      return null;
  }
}

const textOf = (reader: PackReader): string => reader.data.toString('utf8');

/** What has not been read, as it is. */
function restOf(reader: PackReader): Wire {
  return reader.rest.length === 0 ? null : new Packed(reader.rest);
}

/** The items of a list, and how many there should be. */
function listOf(size: number, items: Buffer): Packed {
  const bytes = Buffer.allocUnsafe(ARRAY_HEADER_BYTES + items.length);
  bytes.writeUInt8(0xdd, 0);
  bytes.writeUInt32BE(size, 1);
  items.copy(bytes, ARRAY_HEADER_BYTES);
  return new Packed(bytes);
}
