import type { Random } from './random.js';

/** One round of a taker: how it asks for the lock, how long it keeps it, how long it rests afterwards. */
export interface Round {
  readonly name: string;
  readonly isTry: boolean;
  readonly ttlMs: number;
  readonly autoRenew: boolean;
  /** `null`: the library's default. */
  readonly waitTimeoutMs: number | null;
  readonly abortAfterMs: number | null;
  readonly holdMs: number;
  readonly restMs: number;
}

/** Longer than any queue of a run that is well: whoever waits so long is stuck. */
export const PATIENT_MS = 60_000;

/** So many of the names are wanted by far more than one at a time: this share of all requests is for them. */
const CONTENDED = 2;
const CONTENDED_SHARE = 0.35;

export function planRound(random: Random, names: readonly string[]): Round {
  const waiting = random.weighted({ patient: 65, impatient: 15, default: 12, aborting: 8 });
  return {
    name: random.pick(random.chance(CONTENDED_SHARE) ? names.slice(0, CONTENDED) : names),
    isTry: random.chance(0.06),
    ttlMs: random.between(300, 3_000),
    autoRenew: random.chance(0.8),
    waitTimeoutMs:
      waiting === 'default' ? null : waiting === 'impatient' ? random.between(20, 1_000) : PATIENT_MS,
    abortAfterMs: waiting === 'aborting' ? random.between(0, 1_000) : null,
    holdMs: planHold(random),
    restMs: random.chance(0.7) ? random.between(0, 30) : random.between(0, 300),
  };
}

/** Mostly short, so that there are many grants; sometimes long enough to be renewed, or to end too late. */
function planHold(random: Random): number {
  const length = random.weighted({ none: 50, short: 42, long: 8 });
  return length === 'none' ? 0 : random.between(0, length === 'short' ? 30 : 500);
}
