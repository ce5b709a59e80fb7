import { inspect } from 'node:util';
import { LockProtocolError } from '../errors.js';

/** @throws LockProtocolError if the reply is not a list of safe integers */
export function numbers(reply: unknown): number[] {
  if (Array.isArray(reply) && reply.every((part) => Number.isSafeInteger(part))) return reply as number[];
  throw unexpected(reply);
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
  return new LockProtocolError(`the server gave an answer that does not fit the schema: ${inspect(reply)}`);
}
