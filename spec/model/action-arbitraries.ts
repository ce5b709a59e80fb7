import fc from 'fast-check';
import { type Action, IDS, INBOXES, NAMES, type OperationAction } from './actions.js';
import type { Wish } from './lock-state.js';
import { SHARED } from './wish.js';

type Weighted<T> = { readonly weight: number; readonly arbitrary: fc.Arbitrary<T> };

const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>): Weighted<T> => ({ weight, arbitrary });
const kind = <K extends Action['kind'] | OperationAction['kind']>(...kinds: readonly K[]): fc.Arbitrary<K> =>
  fc.constantFrom(...kinds);

const name = fc.constantFrom(NAMES[0], ...NAMES);
const names = fc.oneof(
  often(5, fc.constantFrom(...[...NAMES, NAMES[0]].map((one) => [one]))),
  often(4, fc.shuffledSubarray([...NAMES], { minLength: 2 })),
);

/** Some, or all. */
const watched = fc.oneof(often(2, names), often(1, fc.constantFrom([''], ['', NAMES[0]])));

/** Exclusive, shared, and permits of which there are differently many. */
const units = fc.oneof(
  often(4, fc.constant({ units: 1, limit: 1 })),
  often(3, fc.constant({ units: 1, limit: SHARED })),
  often(
    4,
    fc
      .tuple(fc.constantFrom(2, 3, 3, 5), fc.nat(2))
      .map(([limit, less]) => ({ limit, units: Math.max(1, limit - less) })),
  ),
);

const BAD: readonly Wish[] = [
  { names: [], units: 1, limit: 1 },
  { names: [''], units: 1, limit: 1 },
  { names: ['a', 'b', 'a'], units: 1, limit: 1 },
  { names: ['a'], units: 0, limit: 1 },
  { names: ['a'], units: 3, limit: 2 },
  { names: ['a'], units: 1, limit: SHARED + 1 },
];
const wish: fc.Arbitrary<Wish> = fc.oneof(
  often(
    40,
    fc
      .tuple(names, units, fc.constantFrom(false, false, true))
      .map(([all, each, lingers]) => ({ names: all, ...each, lingers })),
  ),
  often(1, fc.constantFrom(...BAD)),
);

const id = fc.nat(IDS - 1);
const ids = fc.oneof(
  often(
    3,
    id.map((one) => [one]),
  ),
  often(1, fc.array(id, { minLength: 0, maxLength: 6 })),
);
const inbox = fc.nat(INBOXES - 1);
const nth = fc.nat(5);
const how = fc.constantFrom<'wait' | 'try'>('wait', 'try');
/** A name that the request may not have. */
const astray = fc.option(fc.constantFrom(...NAMES), { freq: 7 });
const ttlMs = fc.constantFrom(1, 300, 800, 999, 1000, 2500, 5000, 30_000, 60_000, 60_000, 60_000, 60_000);
const longTtlMs = fc.constantFrom(600_000, 900_000);
const timeoutS = fc.constantFrom(1, 5, 60);
const longTimeoutS = fc.constantFrom(600, 900);
const ms = fc.oneof(
  often(4, fc.constantFrom(1, 100, 300, 500, 799, 800, 801, 1000, 1500)),
  often(1, fc.constantFrom(2000, 5000, 9_199, 9_201, 30_000, 60_000, 61_000, 125_000)),
);
const jumpMs = fc.constantFrom(1, 1, 100, 800, 800, 1000, 2500, 61_000);
const nearMs = fc.constantFrom(-1, 0, 0, 1, 1000);

function operations(ttl: fc.Arbitrary<number>): Weighted<OperationAction>[] {
  const leases = fc.array(fc.tuple(id, ttl), { maxLength: 5 });
  return [
    often(
      20,
      fc.record({
        kind: kind('acquire', 'acquire', 'acquire', 'acquire', 'acquire', 'acquire', 'try', 'clash'),
        wish,
        id,
        inbox,
        ttlMs: ttl,
      }),
    ),
    often(2, fc.record({ kind: kind('check', 'check surely'), ids, astray, inbox })),
    often(3, fc.record({ kind: kind('release', 'release', 'withdraw', 'acknowledge'), ids, astray, inbox })),
    often(2, fc.record({ kind: kind('extend', 'extend', 'keep', 'transfer'), leases, astray, inbox })),
    often(7, fc.record({ kind: kind('answer'), inbox })),
    often(6, fc.record({ kind: kind('release holder', 'renew holder'), name, nth, ttlMs: ttl, inbox })),
    often(2, fc.record({ kind: kind('keep holder', 'transfer holder'), name, nth, ttlMs: ttl, inbox })),
    often(3, fc.record({ kind: kind('hand on'), name, nth, next: fc.nat(1), inbox })),
    often(1, fc.record({ kind: kind('withdraw waiting'), name, nth, inbox })),
    often(2, fc.record({ kind: kind('repeat holder', 'repeat waiting'), name, nth, how, inbox })),
    often(2, fc.record({ kind: kind('adopt', 'adopt', 'adopt', 'take'), name, nth, id, inbox })),
    often(1, fc.record({ kind: kind('adopt again'), inbox })),
  ];
}

function requests(ttl: fc.Arbitrary<number>, timeout: fc.Arbitrary<number>): Weighted<Action>[] {
  const one = operations(ttl);
  return [
    ...one,
    often(
      6,
      fc.record({ kind: kind('several'), inbox, actions: fc.array(fc.oneof(...one), { maxLength: 4 }) }),
    ),
    often(2, fc.record({ kind: kind('steal'), wish, id, inbox, ttlMs: ttl })),
    often(2, fc.record({ kind: kind('locked', 'python locked'), name })),
    often(2, fc.record({ kind: kind('force release', 'ask'), name })),
    often(1, fc.record({ kind: kind('fence'), name, nth })),
    often(2, fc.record({ kind: kind('watch'), names: watched })),
    often(
      1,
      fc.record({
        kind: kind('query'),
        name,
        after: fc.constant(''),
        count: fc.constant(9),
        told: fc.constantFrom(null, 0, 1, 2, 9),
      }),
    ),
    often(
      1,
      fc.record({
        kind: kind('query'),
        name: fc.constant(null),
        after: fc.constantFrom('', ...NAMES),
        count: fc.integer({ min: 1, max: 3 }),
        told: fc.constant(null),
      }),
    ),
    often(1, fc.record({ kind: kind('close'), inbox })),
    often(3, fc.record({ kind: kind('python acquire'), name, timeoutS: timeout })),
    often(1, fc.record({ kind: kind('python test'), nth })),
    often(3, fc.record({ kind: kind('python release'), name, nth })),
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
