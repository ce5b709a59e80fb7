import { inspect } from 'node:util';
import { LockProtocolError } from '../errors.js';
import { TicketState, Why } from './constants.js';

/** What the server says of one request. Times are the server's, in microseconds; `at` is when it said so. */
export type TicketStatus =
  | {
      readonly state: 'held';
      readonly at: number;
      readonly due: number;
      readonly token: number;
      /** The room in which it will be told if the lease is ended against its holder's will. */
      readonly room: number;
    }
  | {
      readonly state: 'waiting';
      readonly at: number;
      /** When the holder's lease ends, if it is not renewed. */
      readonly due: number;
      /** Requests ahead, holder included. */
      readonly ahead: number;
      /** The room in which the grant will be told. */
      readonly room: number;
    }
  | { readonly state: 'busy'; readonly at: number; readonly due: number }
  | {
      readonly state: 'gone';
      readonly at: number;
      /** `undefined`: it has expired or was released, or the server has lost it. */
      readonly why: TakenAway | undefined;
    };

/** How a lease is ended against its holder's will. */
export type TakenAway = 'stolen' | 'force-released';

/** Reads what the server gives as the reason. */
export function takenAway(why: unknown): TakenAway | undefined {
  return why === Why.stolen ? 'stolen' : why === Why.forceReleased ? 'force-released' : undefined;
}

/** Reads `[state, at, due, token, ahead, room]`, of which each state has a first part. */
export function ticketStatus(reply: unknown): TicketStatus {
  const [state, at, due, token, ahead, room] = numbers(reply);
  if (at !== undefined) {
    if (state === TicketState.gone) return { state: 'gone', at, why: takenAway(due) };
    if (due !== undefined) {
      if (state === TicketState.busy) return { state: 'busy', at, due };
      if (token !== undefined && ahead !== undefined && room !== undefined) {
        if (state === TicketState.held) return { state: 'held', at, due, token, room };
        if (state === TicketState.waiting) return { state: 'waiting', at, due, ahead, room };
      }
    }
  }
  throw unexpected(reply);
}

/** @throws LockProtocolError if the reply is not a list of safe numbers */
export function numbers(reply: unknown): number[] {
  if (Array.isArray(reply) && reply.every((part) => Number.isSafeInteger(part))) return reply as number[];
  throw unexpected(reply);
}

/** @throws LockProtocolError if the reply is not a list as long as what was asked */
export function listOf(reply: unknown, length: number): unknown[] {
  if (Array.isArray(reply) && reply.length === length) return reply as unknown[];
  throw unexpected(reply);
}

export function unexpected(reply: unknown): LockProtocolError {
  return new LockProtocolError(`the server gave an answer that does not fit the schema: ${inspect(reply)}`);
}
