import type { How, NameQuery } from './lock-model.js';
import type { Wish } from './lock-state.js';

/** What can happen to a queue. */
export type Action = CallAction | TimeAction;

export type CallAction =
  | OperationAction
  /** Several at once, in one call of one process. */
  | { readonly kind: 'several'; readonly actions: readonly OperationAction[]; readonly inbox: number }
  | {
      readonly kind: 'steal';
      readonly wish: Wish;
      readonly id: number;
      readonly ttlMs: number;
      readonly inbox: number;
    }
  | { readonly kind: 'locked' | 'python locked' | 'force release' | 'ask'; readonly name: string }
  /** With the token of `nth` of all holders, or with the last one given. */
  | { readonly kind: 'fence'; readonly name: string; readonly nth: number }
  | { readonly kind: 'watch'; readonly names: readonly string[] }
  | ({ readonly kind: 'query' } & NameQuery)
  | { readonly kind: 'close'; readonly inbox: number }
  | { readonly kind: 'python acquire'; readonly name: string; readonly timeoutS: number }
  /** `nth` of the rooms that Python requests of this run were given; a room that never was, if there are none. */
  | { readonly kind: 'python test'; readonly nth: number }
  | { readonly kind: 'python release'; readonly name: string; readonly nth: number };

/** One or more operations of a batch, which an inbox asks. */
export type OperationAction = { readonly inbox: number } & (
  | /** Under an id that no ticket has, from `id` on; a `clash` under one that may have been used, for whatever it was. */
    {
      readonly kind: 'acquire' | 'try' | 'clash';
      readonly wish: Wish;
      readonly id: number;
      readonly ttlMs: number;
    }
    /** By their ids; with the name that they have, or with `astray`. */
  | {
      readonly kind: 'check' | 'check surely' | 'release' | 'withdraw' | 'acknowledge';
      readonly ids: readonly number[];
      readonly astray: string | null;
    }
  | {
      readonly kind: 'extend' | 'keep' | 'transfer';
      readonly leases: readonly (readonly [id: number, ms: number])[];
      readonly astray: string | null;
    }
  /** What the process of an inbox does with the grants that were pushed to it. */
  | { readonly kind: 'answer' }
  /** By `nth` of those who hold a name, whoever it is; nothing is done by Python. */
  | {
      readonly kind: 'release holder' | 'renew holder' | 'keep holder' | 'transfer holder';
      readonly name: string;
      readonly nth: number;
      readonly ttlMs: number;
    }
  /** By `nth` of those who hold it, who names `next` of those who wait as one of the same process. */
  | {
      readonly kind: 'hand on';
      readonly name: string;
      readonly nth: number;
      readonly next: number;
    }
  /** By `nth` of those who wait for it. */
  | { readonly kind: 'withdraw waiting'; readonly name: string; readonly nth: number }
  /** The request of `nth` of either, once more. */
  | {
      readonly kind: 'repeat holder' | 'repeat waiting';
      readonly name: string;
      readonly nth: number;
      readonly how: Exclude<How, 'steal'>;
    }
  /** A lease moves to another inbox, under an id that no ticket has from `id` on; a `take` under any. */
  | {
      readonly kind: 'adopt' | 'take';
      readonly name: string;
      readonly nth: number;
      readonly id: number;
    }
  /** The lease that moved last is asked for again, by whoever asked. */
  | { readonly kind: 'adopt again' }
);

export type TimeAction =
  | { readonly kind: 'pass' | 'jump'; readonly ms: number }
  /** Up to the earliest time at which something is due, and so far from it. */
  | { readonly kind: 'pass to due' | 'jump to due'; readonly ms: number }
  | { readonly kind: 'remember' | 'go back' | 'lose sweeper' };

/** The action of one of these kinds. */
export type Acted<K extends Action['kind']> = Action & { readonly kind: K };

// Pools are small, so that everything meets everything.
export const IDS = 18;
export const INBOXES = 3;
// The last would be code, if a name were ever taken for code.
export const NAMES = ['a', 'b', '{x}`:\n'] as const;

const ID_BYTES = 32;

/** An id as clients make them, but for its being guessable. */
export const ticketId = (number: number): string => `ticket-${number}-of-the-model`.padEnd(ID_BYTES, '-');
export const inboxId = (number: number): string => `inbox-${number}-of-the-model`;
export const ownerOf = (inbox: number): string => `owner ${inbox}`;

export const INBOX_IDS = Array.from({ length: INBOXES }, (_, number) => inboxId(number));
export const TICKET_IDS = Array.from({ length: IDS }, (_, number) => ticketId(number));
