import { inspect } from 'node:util';
import { LockProtocolError } from '../errors.js';

/** How much of a reply an error shows. */
const MOST_CHARACTERS = 500;
const MOST_TEXT = 80;
const MOST_PARTS = 8;
const MOST_DEPTH = 1;

export function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** @throws LockProtocolError if the reply is not a list of safe integers */
export function numbers(reply: unknown): number[] {
  if (!Array.isArray(reply)) throw unexpected(reply);
  for (const part of reply) if (!isNumber(part)) throw unexpected(reply);
  return reply as number[];
}

/** @throws LockProtocolError if the reply is not a list as long as what was asked */
export function listOf(reply: unknown, length: number): unknown[] {
  if (Array.isArray(reply) && reply.length === length) return reply as unknown[];
  throw unexpected(reply);
}

/** The id of a room. A server that has made very many things gives ids beyond the safe integers, as bigint. */
export type RoomId = number | bigint;

/** @throws LockProtocolError if this cannot be the id of a room */
export function roomId(value: unknown): RoomId {
  if (typeof value === 'bigint' ? value >= 0n : Number.isSafeInteger(value) && (value as number) >= 0)
    return value as RoomId;
  throw unexpected(value);
}

export function unexpected(reply: unknown): LockProtocolError {
  const text = shown(reply);
  const most = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text;
  return new LockProtocolError(`the server gave an answer that does not fit the schema: ${most}`);
}

/** The beginning of a reply, which may be of any size. */
function shown(value: unknown, depth = 0): string {
  if (Array.isArray(value)) {
    if (depth > MOST_DEPTH) return '[...]';
    const parts = value.slice(0, MOST_PARTS).map((part) => shown(part, depth + 1));
    const more = value.length > MOST_PARTS ? [`... ${value.length - MOST_PARTS} more`] : [];
    return `[${[...parts, ...more].join(', ')}]`;
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value))
    return inspect(value, { maxStringLength: MOST_TEXT, maxArrayLength: MOST_PARTS });
  // Even to list the keys of a large object takes time.
  return depth > 0 ? '{...}' : `{ ${firstKeys(value).join(', ')} }`;
}

function firstKeys(value: object): string[] {
  const keys: string[] = [];
  for (const key in value) {
    if (keys.length === MOST_PARTS) return [...keys, '...'];
    keys.push(inspect(key, { maxStringLength: MOST_TEXT }));
  }
  return keys;
}
