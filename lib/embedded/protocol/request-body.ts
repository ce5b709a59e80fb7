import { type RoomKey, ThingsError, type Wire } from '../engine.js';
import { WireDecoder } from './wire-decoder.js';

const BAD_DATA = -53;
const VALUE_ERROR = -60;
const TYPE_ERROR = -61;

const DOCS = 'https://docs.thingsdb.io/v1';
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;
const UINT64_RANGE = 2n ** 64n;

/** `[scope, code, variables?]` */
export interface QueryRequest {
  readonly scope: string;
  readonly code: string;
  readonly vars: Readonly<Record<string, Wire>>;
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
  readonly args: readonly Wire[];
}

/** `[user, password]` or a token. */
export function readCredentials(body: Uint8Array): Wire {
  const value = decodeOrNothing(body);
  if (typeof value === 'string') return value;
  if (isList(value) && value.length === 2 && value.every((item) => typeof item === 'string')) return value;
  throw new ThingsError(BAD_DATA, 'invalid authentication request');
}

export function readQuery(body: Uint8Array): QueryRequest {
  const { scope, rest } = readScope(body);
  const [code, vars] = rest;
  if (typeof code !== 'string') {
    throw new ThingsError(
      TYPE_ERROR,
      `expecting the code in a \`query\` request to be of type \`string\`; see ${DOCS}/connect/socket/query`,
    );
  }
  return { scope, code, vars: readVars(vars) };
}

export function readRun(body: Uint8Array): RunRequest {
  const { scope, rest } = readScope(body);
  const [procedure, args = null] = rest;
  if (typeof procedure !== 'string') {
    throw new ThingsError(
      TYPE_ERROR,
      'expecting the array in a `run` request to have a second value of type `str`; ' +
        `see ${DOCS}/procedures-api`,
    );
  }
  return { scope, procedure, args };
}

/** @param request the word that the error uses: `join` or `leave` */
export function readRooms(body: Uint8Array, request: 'join' | 'leave'): RoomsRequest {
  const { scope, rest } = readScope(body);
  const rooms = rest.map((room): RoomKey => {
    if (typeof room === 'string') return room;
    // A negative id is taken for the unsigned number with the same bits, which no room has.
    if (typeof room === 'bigint') return room < 0n ? room + UINT64_RANGE : room;
    throw new ThingsError(
      BAD_DATA,
      `${request} request only accepts integer room id's or string room names; see ${DOCS}/listening`,
    );
  });
  return { scope, rooms };
}

export function readEmit(body: Uint8Array): EmitRequest {
  const { scope, rest } = readScope(body);
  const [room, event, ...args] = rest;
  if (typeof event !== 'string' || room === undefined || isContainer(room)) {
    throw new ThingsError(BAD_DATA, 'invalid emit request');
  }
  if (typeof room === 'string' || (typeof room === 'bigint' && room >= 0n)) {
    return { scope, room, event, args };
  }
  throw new ThingsError(
    BAD_DATA,
    `emit request only accepts an integer room id or string room name; see ${DOCS}/listening`,
  );
}

function readScope(body: Uint8Array): { scope: string; rest: readonly Wire[] } {
  const value = decodeOrNothing(body);
  if (isList(value)) {
    const [scope, ...rest] = value;
    if (typeof scope === 'string') return { scope, rest };
  }
  throw new ThingsError(BAD_DATA, 'expecting the request to contain an array with as scope as first item');
}

/** Anything but a map stands for "no variables": thingsdb.js sends nil when it was given none. */
function readVars(vars: Wire | undefined): Readonly<Record<string, Wire>> {
  if (!isMap(vars)) return {};
  for (const name of Object.keys(vars)) {
    if (!NAME.test(name)) {
      throw new ThingsError(
        VALUE_ERROR,
        `each argument name in a \`query\` request must follow the naming rules; see ${DOCS}/overview/names`,
      );
    }
  }
  return vars;
}

/** A body that is no MessagePack gets the error of a body with the wrong content: the package itself was sound. */
function decodeOrNothing(body: Uint8Array): Wire | undefined {
  try {
    return WireDecoder.decode(body);
  } catch {
    return undefined;
  }
}

function isList(value: Wire | undefined): value is readonly Wire[] {
  return Array.isArray(value);
}

function isContainer(value: Wire): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}

function isMap(value: Wire | undefined): value is { readonly [key: string]: Wire } {
  return value !== undefined && isContainer(value) && !isList(value);
}
