import { SHARED_LIMIT } from '../../lib/schema/constants.js';
import type { Random } from '../chaos/random.js';

/** One lock taken once. */
export interface SimRound {
  readonly names: readonly string[];
  readonly units: number;
  readonly limit: number;
  readonly ttlMs: number;
  readonly how: 'acquire' | 'try' | 'steal' | 'adopt';
  readonly autoRenew: boolean;
  readonly minHoldMs: number;
  readonly lingerMs: number;
  readonly waitTimeoutMs: number | undefined;
  readonly abortAfterMs: number | undefined;
  readonly holdMs: number;
  /** Whether another process is to go on with the lease after the section. */
  readonly isHandedOn: boolean;
  /** The lease that it goes on with. */
  readonly parcel?: Parcel | undefined;
  readonly isFinal: boolean;
}

/** A lease on its way from one process to another. */
export interface Parcel {
  /** The request that it was granted to. */
  readonly request: string;
  readonly id: string;
  readonly token: number;
  readonly round: SimRound;
}

/** What the rounds of one run have in common. */
export interface Customs {
  readonly names: readonly string[];
  readonly maySteal: boolean;
  readonly ttlsMs: readonly number[];
  readonly holdsMs: readonly number[];
  readonly kinds: Readonly<Record<'lock' | 'shared' | 'semaphore' | 'several', number>>;
  /**
   * Whether released leases may linger. Nobody hands on a lease then, and nobody looks on. What is told of a lease that
   * lingers is no concern of these runs.
   */
  readonly mayLinger: boolean;
  /** How long a lease may linger. */
  readonly lingersMs?: readonly number[];
  /** How many of the leases that are renewed linger, of one, where they may. */
  readonly lingering?: number;
  /** How many leases are renewed, of one. */
  readonly renewed?: number;
  /** The longest pause of a hand between two rounds. */
  readonly pauseMs?: number;
  /** Whether everybody acquires, waits for ever, and releases: nothing else. */
  readonly isPatient?: boolean;
  /** Whether there is nothing but to acquire exclusive locks, and to wait for them, also in vain. */
  readonly isPlain?: boolean;
}

/** The shares of leases that are renewed, and that linger where they may. */
const RENEWED = 0.8;
const LINGERING = 0.4;
const LINGERS_MS = [40, 600];

/** What a round is like; a seed decides. */
export function randomRound(random: Random, customs: Customs): SimRound {
  const round = anyRound(random, customs);
  const { isPatient = false, isPlain = false } = customs;
  if (!isPatient && !isPlain) return round;
  const waitTimeoutMs = isPlain ? random.pick([300, Infinity, Infinity]) : Infinity;
  const plain = isPlain ? { units: 1, limit: 1 } : {};
  return {
    ...{ ...round, ...plain, waitTimeoutMs, abortAfterMs: undefined },
    ...{ how: 'acquire', minHoldMs: 0, isHandedOn: false },
  };
}

function anyRound(random: Random, customs: Customs): SimRound {
  const { names, maySteal, ttlsMs, holdsMs, kinds, mayLinger } = customs;
  const { lingersMs = LINGERS_MS, renewed = RENEWED, lingering = LINGERING } = customs;
  const kind = random.weighted(kinds);
  const how = random.weighted({ acquire: 8, try: 1, steal: kind === 'lock' && maySteal ? 0.5 : 0 });
  const chosen = kind === 'several' ? someOf(random, names) : [random.pick(names)];
  const isShared = kind === 'shared' || (kind === 'several' && random.chance(0.5));
  const limit = isShared ? SHARED_LIMIT : kind === 'semaphore' ? 3 : 1;
  const autoRenew = random.chance(renewed);
  return {
    names: chosen,
    units: kind === 'semaphore' ? random.between(1, 3) : 1,
    limit,
    how,
    ttlMs: random.pick(ttlsMs),
    autoRenew,
    minHoldMs: random.chance(0.1) ? 150 : 0,
    lingerMs: mayLinger && autoRenew && random.chance(lingering) ? random.pick(lingersMs) : 0,
    waitTimeoutMs: random.chance(0.25) ? undefined : random.pick([300, 1_500, Infinity]),
    abortAfterMs: random.chance(0.1) ? random.between(1, 400) : undefined,
    holdMs: random.pick(holdsMs),
    isHandedOn: !mayLinger && random.chance(0.06),
    isFinal: false,
  };
}

/** At least two, in any order. */
function someOf(random: Random, names: readonly string[]): string[] {
  return shuffled(random, names).slice(0, random.between(2, names.length));
}

/** All of them, in any order. */
export function shuffled(random: Random, names: readonly string[]): string[] {
  const left = [...names];
  return names.map(() => left.splice(random.between(0, left.length - 1), 1)[0] as string);
}

/** Goes on with a lease that somebody has handed on. */
export function adoptingRound(random: Random, parcel: Parcel): SimRound {
  const holdMs = random.pick([0, 40, 300]);
  const own = { abortAfterMs: undefined, waitTimeoutMs: undefined, isHandedOn: random.chance(0.1) };
  return { ...parcel.round, ...own, how: 'adopt', holdMs, parcel };
}

/** When all faults are over each process takes each lock once more. */
export function finalRound(name: string, random: Random): SimRound {
  return {
    names: [name],
    units: 1,
    limit: name === 'a' ? 1 : SHARED_LIMIT,
    ttlMs: 1_000,
    how: 'acquire',
    autoRenew: true,
    // Its process may end before that is over.
    minHoldMs: random.chance(0.2) ? 150 : 0,
    lingerMs: 0,
    waitTimeoutMs: Infinity,
    abortAfterMs: undefined,
    holdMs: 1,
    isHandedOn: false,
    isFinal: true,
  };
}
