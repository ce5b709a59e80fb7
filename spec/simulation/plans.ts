import type { Random } from '../chaos/random.js';
import type { Patience } from '../chaos/rules/idle.js';
import { allFaults, NO_FAULTS, type FaultShares, type FaultTerms } from './fault-plan.js';
import type { Customs } from './rounds.js';

/**
 * What runs are like, and how many of each there are. The first five are broad. Each of the others is made for a fault
 * that the broad ones hardly ever show (spec/support/wrong-servers.ts, wrong-clients.ts):
 *
 * - `heldUp`: what is sent just after a grant, or answered, stands still on its way; and perhaps the process, too.
 * - `blocked`: processes block their event loops just after a grant; for less than a lease lasts, so that nothing is lost.
 * - `orphans`: processes die that hold, and others wait for what they held.
 * - `deaths`: one process dies that waits for several names, one of which another holds for long.
 * - `stopped`: one process is stopped when its turn comes, once or several times.
 * - `late`: what is sent takes longer than a lease lasts.
 * - `unheard`: leases linger, while a message is lost or nobody looks at a clock.
 * - `asleep`: leases linger on a machine that sleeps.
 * - `ages`: a lease is held for minutes without a call, and its process closes. Names are watched until there is no place.
 *   Guests miss grants, and call again in time or too late.
 */
const SHARES = {
  ...{ blocked: 2, heldUp: 2, usual: 36, long: 13, mixed: 12, slow: 7, doubled: 9 },
  ...{ orphans: 4, deaths: 3, stopped: 4, late: 3, unheard: 3, asleep: 1, ages: 1 },
};

export type Kind = keyof typeof SHARES;

export function isKind(kind: string): kind is Kind {
  return kind in SHARES;
}

/** What the runs of a kind have in common. */
export interface Plan {
  readonly confirmGrants: boolean;
  readonly customs: Customs;
  readonly processes: number;
  /** How many locks a process takes at a time. */
  readonly hands: number;
  readonly faults: FaultShares;
  readonly faultTerms?: FaultTerms;
  /** For how long there are faults, and new rounds. */
  readonly playMs?: number;
  /** Until every lease and every doubt of that time has come to its end. */
  readonly limitMs?: number;
  /** How long a request may wait that nobody is in the way of, where that is less than the chaos runs allow. */
  readonly patience?: Patience;
  /** Nothing that is done in it costs anybody a lease. */
  readonly losesNothing?: boolean;
  /** As many names are watched as may be, soon after its beginning. */
  readonly watchesMany?: boolean;
  /** Guests miss grants. */
  readonly missesGrants?: boolean;
  /** The first process closes its manager then, whatever it holds. */
  readonly walksOutMs?: number;
}

export const FAULTS_MS = 1_500;
const LONG_TTL_MS = 30_000;
const USUAL = { lock: 6, shared: 2, semaphore: 2, several: 2 };
/** Those who want several names meet each other, and those who share them. */
const TOGETHER = { lock: 2, shared: 4, semaphore: 0, several: 6 };
const LOCKS = { lock: 1, shared: 0, semaphore: 0, several: 0 };
const PERMITS = { ...LOCKS, lock: 0, semaphore: 1 };
const HOLDS_MS = [0, 5, 40, 300];

/** @param kind instead of the one that the seed would choose */
export function planOf(random: Random, kind: Kind = random.weighted(SHARES)): Plan {
  switch (kind) {
    case 'blocked':
      return blocked(random);
    case 'heldUp':
      return heldUp(random);
    case 'orphans':
      return orphans(random);
    case 'deaths':
      return deaths(random);
    case 'stopped':
      return stopped(random);
    case 'late':
      return late();
    case 'unheard':
      return unheard(random);
    case 'asleep':
      return asleep(random);
    case 'ages':
      return ages(random);
    default:
      return broad(random, kind);
  }
}

function broad(random: Random, kind: Kind): Plan {
  const confirmGrants = random.chance(0.2);
  const isBroadest = kind === 'usual' || kind === 'long';
  // Not where grants are confirmed: who is robbed before it has entered asks for another, at the end of the queue.
  const maySteal = isBroadest && !confirmGrants && random.chance(0.5);
  const isTogether = random.chance(0.3);
  const faults = faultsOf(kind, random);
  const mayLinger = isBroadest && faults !== NO_FAULTS && random.chance(0.5);
  const isRare = kind === 'doubled' && random.chance(0.5);
  const customs = {
    ...{ maySteal, mayLinger, ...lengthsOf(kind, maySteal), ...(isRare ? { pauseMs: 400 } : {}) },
    names: isTogether ? ['a', 'b', 'c'] : ['a', 'b'],
    kinds: isTogether ? TOGETHER : kind === 'mixed' ? { ...USUAL, semaphore: 8 } : USUAL,
  };
  const plan = { confirmGrants, customs, faults, processes: random.between(2, 4), hands: isRare ? 1 : 2 };
  return kind === 'doubled' && random.chance(0.3)
    ? { ...plan, walksOutMs: random.between(200, FAULTS_MS) }
    : plan;
}

/** Long leases show what is left behind; short ones, what is believed too long; both, who asks at the wrong time. */
function lengthsOf(kind: Kind, maySteal: boolean): Pick<Customs, 'ttlsMs' | 'holdsMs'> {
  switch (kind) {
    case 'long':
      return { ttlsMs: [LONG_TTL_MS], holdsMs: HOLDS_MS };
    case 'mixed':
      return { ttlsMs: [200, LONG_TTL_MS], holdsMs: HOLDS_MS };
    case 'doubled':
      return { ttlsMs: [LONG_TTL_MS], holdsMs: [0, 5, 40] };
    case 'slow':
      return { ttlsMs: [1_000], holdsMs: [5, 40, 300, 300, 14_000] };
    default:
      // The rules cannot tell how old a stolen grant is that is shorter than the time to acknowledge it.
      return { ttlsMs: maySteal ? [800, 1_000] : [200, 400, 1_000], holdsMs: HOLDS_MS };
  }
}

function faultsOf(kind: Kind, random: Random): FaultShares {
  if (kind === 'slow') return { kill: 3, stop: 2, cut: 1 };
  // Of what was under way a copy arrives later.
  if (kind === 'doubled') return { 'cut-call': 1 };
  const isCalm = random.chance(kind === 'mixed' ? 0.5 : 0.2);
  return isCalm ? NO_FAULTS : allFaults(kind !== 'usual');
}

const PATIENT = { maySteal: false, mayLinger: false, isPatient: true, renewed: 1 };

function blocked(random: Random): Plan {
  return {
    confirmGrants: random.chance(0.2),
    customs: {
      ...{ ...PATIENT, names: ['a'], kinds: LOCKS, ttlsMs: [4_000, LONG_TTL_MS], holdsMs: [300, 2_000] },
    },
    ...{ processes: 3, hands: random.between(1, 2), playMs: 4_000, losesNothing: true },
    ...{ faults: { block: 1 }, faultTerms: { count: [1, 4], forMs: [600, 900, 1_500] } },
  };
}

function heldUp(random: Random): Plan {
  return {
    confirmGrants: random.chance(0.2),
    customs: {
      ...{ ...PATIENT, names: ['a'], kinds: random.chance(0.3) ? USUAL : LOCKS },
      ...{ ttlsMs: [900, LONG_TTL_MS], holdsMs: [0, 5, 600, 780], pauseMs: 400 },
    },
    ...{ processes: random.between(2, 3), hands: random.between(1, 2), playMs: 6_000 },
    ...{ faults: { 'hold-up': 1 }, faultTerms: { count: [2, 6], forMs: [500, 850, 900, 950, 1_400] } },
  };
}

function orphans(random: Random): Plan {
  return {
    confirmGrants: false,
    customs: {
      ...{ ...PATIENT, renewed: 0, names: ['a'], kinds: random.chance(0.5) ? PERMITS : LOCKS },
      ...{ ttlsMs: [1_000, LONG_TTL_MS], holdsMs: [300, 600], pauseMs: 4_000 },
    },
    ...{ processes: 3, hands: 1, faults: { orphan: 1 }, faultTerms: { count: [2, 4] }, playMs: 6_000 },
    // Whoever waits knows when the lease ends.
    patience: { idleMs: 400, aftermathMs: 0 },
  };
}

function deaths(random: Random): Plan {
  return {
    confirmGrants: false,
    customs: {
      ...{ ...PATIENT, names: ['a', 'b', 'c'], kinds: { ...LOCKS, several: 2 } },
      ...{ ttlsMs: [1_000, LONG_TTL_MS], holdsMs: [40, 300, 9_000] },
    },
    ...{ processes: 3, hands: random.between(2, 3), limitMs: 150_000 },
    ...{ faults: { kill: 1 }, faultTerms: { count: [1, 1] } },
    // A lease of the dead that nobody knows of, a second for its turn, and one for its places.
    patience: { idleMs: 5_000, aftermathMs: 0 },
  };
}

function stopped(random: Random): Plan {
  return {
    confirmGrants: false,
    customs: {
      ...{ ...PATIENT, names: ['a'], kinds: LOCKS, ttlsMs: [LONG_TTL_MS], holdsMs: [300, 1_200] },
    },
    ...{ processes: 4, hands: random.between(1, 2), playMs: 4_000 },
    ...{ faults: { stop: 1 }, faultTerms: { count: [1, 3], forMs: [900, 1_300], victims: 1 } },
  };
}

function late(): Plan {
  return {
    confirmGrants: false,
    customs: {
      ...{ ...PATIENT, names: ['a', 'b'], kinds: LOCKS, ttlsMs: [200], holdsMs: [300, 600], pauseMs: 200 },
    },
    ...{ processes: 2, hands: 1, playMs: 2_000 },
    ...{ faults: { delay: 1 }, faultTerms: { count: [1, 3], forMs: [600, 1_500] } },
  };
}

function unheard(random: Random): Plan {
  return {
    confirmGrants: false,
    customs: {
      ...{ ...PATIENT, mayLinger: true, lingersMs: [600, 12_000], names: ['a'], kinds: LOCKS },
      ...{ ttlsMs: [400, 3_000, LONG_TTL_MS], holdsMs: [0, 40], pauseMs: 300 },
    },
    ...{ processes: random.between(2, 3), hands: random.between(1, 2), playMs: 3_000 },
    faults: { 'lose-push': 3, stop: 1, sleep: 1 },
    // Of one message that is lost everything is asked for again within two seconds; of two that may take a lease's time.
    faultTerms: { count: [1, 1], forMs: [600, 1_500] },
    patience: { idleMs: 5_000, aftermathMs: 1_500 },
  };
}

function asleep(random: Random): Plan {
  return {
    confirmGrants: false,
    customs: {
      // All alike, so that the next takes what lingers.
      ...{ ...PATIENT, mayLinger: true, lingering: 1, lingersMs: [12_000], names: ['a'], kinds: LOCKS },
      ...{ ttlsMs: [1_000], holdsMs: [0, 40], pauseMs: 300 },
    },
    ...{ processes: 2, hands: random.between(1, 2), playMs: 4_000 },
    ...{ faults: { sleep: 1 }, faultTerms: { count: [1, 2], forMs: [900, 1_500], victims: 1 } },
  };
}

function ages(random: Random): Plan {
  return {
    confirmGrants: false,
    customs: { ...{ ...PATIENT, names: ['a'], kinds: LOCKS, ttlsMs: [600_000], holdsMs: [130_000] } },
    ...{ processes: 2, hands: 1, faults: NO_FAULTS, limitMs: 500_000 },
    ...{ watchesMany: true, missesGrants: true },
    walksOutMs: random.between(122_000, 128_000),
  };
}
