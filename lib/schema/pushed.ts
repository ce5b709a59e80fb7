import { MAX_TTL_MS } from './constants.js';
import { isToken, takenAway } from './answers.js';
import type { TakenAway } from './operations.js';
import { isNumber } from './replies.js';

/** What is told in an inbox's room. Everybody who may JOIN can send the like: a hint, until the server has confirmed it. */
export type Pushed =
  /** `proof`: the beginning of the request's id, which only its manager and the server know before. */
  | {
      readonly event: 'granted';
      readonly number: number;
      readonly proof: string;
      readonly token: number;
      readonly at: number;
      readonly due: number;
    }
  /** Ask again at `when`, earlier than you were told. */
  | { readonly event: 'ask'; readonly number: number; readonly at: number; readonly when: number }
  | { readonly event: 'lost'; readonly number: number; readonly why: TakenAway }
  /** Somebody would like to have the lock. */
  | { readonly event: 'asked'; readonly number: number; readonly by: string }
  /** Somebody waits for a lock that may linger. */
  | { readonly event: 'wanted'; readonly number: number }
  /** Show that this process lives: a sure check of what waits. */
  | { readonly event: 'alive' };

/** Reads a message of an inbox's room; `undefined` when it is none that the server sends. */
export function pushedOf(event: unknown, args: readonly unknown[]): Pushed | undefined {
  if (event === 'alive') return { event };
  const [number, second, third, fourth, fifth] = args;
  if (!isNumber(number)) return undefined;
  switch (event) {
    case 'granted':
      return granted(number, second, [third, fourth, fifth]);
    case 'ask': {
      const isSoon = isNumber(second) && isNumber(third) && third - second <= MAX_TTL_MS * 1000;
      return isSoon ? { event, number, at: second, when: third } : undefined;
    }
    case 'lost': {
      const why = takenAway(second);
      return why && { event, number, why };
    }
    case 'asked':
      return typeof second === 'string' ? { event, number, by: second } : undefined;
    case 'wanted':
      return { event, number };
    default:
      return undefined;
  }
}

function granted(number: number, proof: unknown, times: readonly unknown[]): Pushed | undefined {
  const [token, at, due] = times;
  if (typeof proof !== 'string' || !isNumber(token) || !isNumber(at) || !isNumber(due)) return undefined;
  const isLease = due > at && due - at <= MAX_TTL_MS * 1000;
  return isLease && isToken(token, at) ? { event: 'granted', number, proof, token, at, due } : undefined;
}
