import fc from 'fast-check';

/** What can happen to a queue. Pools are small, so that everything meets everything. */
export type Action =
  | {
      readonly kind: 'acquire' | 'try';
      readonly name: string;
      readonly id: number;
      readonly inbox: number;
      readonly ttlMs: number;
    }
  | { readonly kind: 'check' | 'release' | 'withdraw'; readonly ids: readonly number[] }
  | { readonly kind: 'extend'; readonly leases: readonly (readonly [id: number, ttlMs: number])[] }
  /** What the process of an inbox does with the grants that were pushed to it. */
  | { readonly kind: 'answer'; readonly inbox: number; readonly ttlMs: number }
  /** What the process of the holder does, whoever it is; a Python holder releases, and does not renew. */
  | { readonly kind: 'release holder' | 'renew holder'; readonly name: string; readonly ttlMs: number }
  | { readonly kind: 'locked' | 'python locked'; readonly name: string }
  | { readonly kind: 'close'; readonly inbox: number }
  | { readonly kind: 'python acquire'; readonly name: string; readonly timeoutS: number }
  /** `nth` of the rooms that Python requests of this run were given; a room that never was, if there are none. */
  | { readonly kind: 'python test'; readonly nth: number }
  | { readonly kind: 'python release'; readonly name: string; readonly nth: number }
  | TimeAction;

export type TimeAction =
  | { readonly kind: 'pass' | 'jump'; readonly ms: number }
  /** Up to the earliest time at which something is due, and so far from it. */
  | { readonly kind: 'pass to due' | 'jump to due'; readonly ms: number }
  | { readonly kind: 'remember' | 'go back' | 'lose sweeper' };

const IDS = 18;
const INBOXES = 3;

// The last would be code, if a name were ever taken for code.
const name = fc.constantFrom('a', 'a', 'a', 'b', 'b', '{x}`:\n');
const id = fc.nat(IDS - 1);
const ids = fc.oneof(
  { weight: 3, arbitrary: id.map((one) => [one]) },
  fc.array(id, { minLength: 0, maxLength: 6 }),
);
const inbox = fc.nat(INBOXES - 1);
const ttlMs = fc.constantFrom(1, 300, 800, 999, 1000, 2500, 5000, 30_000, 60_000, 60_000);
const longTtlMs = fc.constantFrom(600_000, 900_000);
const timeoutS = fc.constantFrom(1, 5, 60);
const longTimeoutS = fc.constantFrom(600, 900);
const nth = fc.nat(5);
const ms = fc.constantFrom(
  ...[1, 100, 500, 799, 800, 801, 1000, 1500, 2000, 5000, 30_000, 60_000, 61_000, 125_000],
);
const jumpMs = fc.constantFrom(1, 800, 1000, 2500, 5000, 61_000);
const nearMs = fc.constantFrom(-1, 0, 0, 1, 1000);

type Weighted = { readonly weight: number; readonly arbitrary: fc.Arbitrary<Action> };

const often = (weight: number, arbitrary: fc.Arbitrary<Action>): Weighted => ({ weight, arbitrary });
const kind = <K extends Action['kind']>(...kinds: readonly K[]): fc.Arbitrary<K> => fc.constantFrom(...kinds);

function requests(ttl: fc.Arbitrary<number>, timeout: fc.Arbitrary<number>): Weighted[] {
  return [
    often(14, fc.record({ kind: kind('acquire', 'acquire', 'acquire', 'try'), name, id, inbox, ttlMs: ttl })),
    often(2, fc.record({ kind: kind('check'), ids })),
    often(5, fc.record({ kind: kind('release', 'release', 'release', 'withdraw'), ids })),
    often(2, fc.record({ kind: kind('extend'), leases: fc.array(fc.tuple(id, ttl), { maxLength: 5 }) })),
    often(4, fc.record({ kind: kind('answer'), inbox, ttlMs: ttl })),
    often(6, fc.record({ kind: kind('release holder', 'renew holder'), name, ttlMs: ttl })),
    often(2, fc.record({ kind: kind('locked', 'python locked'), name })),
    often(1, fc.record({ kind: kind('close'), inbox })),
    often(3, fc.record({ kind: kind('python acquire'), name, timeoutS: timeout })),
    often(1, fc.record({ kind: kind('python test'), nth })),
    often(2, fc.record({ kind: kind('python release'), name, nth })),
  ];
}

/** For a server that is not in the test's hand: nothing ends by time while a run lasts. */
export const timelessActions: fc.Arbitrary<Action> = fc.oneof(...requests(longTtlMs, longTimeoutS));

export const allActions: fc.Arbitrary<Action> = fc.oneof(
  ...requests(ttlMs, timeoutS),
  often(6, fc.record({ kind: kind('pass'), ms })),
  often(4, fc.record({ kind: kind('pass to due', 'jump to due'), ms: nearMs })),
  often(2, fc.record({ kind: kind('jump'), ms: jumpMs })),
  often(1, fc.record({ kind: kind('remember', 'go back', 'lose sweeper') })),
);

/** An id as clients make them, but for its being guessable. */
export const ticketId = (number: number): string => `ticket-${number}-of-the-model`;
export const inboxId = (number: number): string => `inbox-${number}-of-the-model`;

export const INBOX_IDS = Array.from({ length: INBOXES }, (_, number) => inboxId(number));
export const TICKET_IDS = Array.from({ length: IDS }, (_, number) => ticketId(number));
