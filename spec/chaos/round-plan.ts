import type { Pace } from './pace.js';
import type { Random } from './random.js';

/** One round of a taker: how it asks for the lock, how long it keeps it, how long it rests afterwards. */
export interface Round {
  /** One name, or several that are locked together. */
  readonly names: readonly string[];
  /** So many, of so many that there are: 1 of 1 is a lock, 1 of any number (`null`) a shared lock, else permits. */
  readonly want: number;
  readonly limit: number | null;
  readonly isTry: boolean;
  readonly ttlMs: number;
  readonly autoRenew: boolean;
  /** Whether it is taken from whoever holds it. */
  readonly isSteal: boolean;
  /** For so long nobody else gets it, even if it is given back earlier. */
  readonly minHoldMs: number;
  /** How long its process may keep the lease after the release. */
  readonly lingerMs: number;
  /** How many are told to go on with the lease after the section. With none it is given back. */
  readonly handOn: HandOn;
  /** `null`: the library's default. */
  readonly waitTimeoutMs: number | null;
  readonly abortAfterMs: number | null;
  readonly holdMs: number;
  readonly restMs: number;
}

/** To whom a lease is handed on: `lost` on the way, or to `two`, of whom one gets it. */
export type HandOn = 'no' | 'lost' | 'one' | 'two';

/** Longer than any queue of a run that is well: whoever waits so long is stuck. */
export const PATIENT_MS = 60_000;

/**
 * What is asked for: only locks; or shared locks, permits and several names at once among them. Some are then stolen,
 * kept beyond their release, lingering or handed on, and the names are watched.
 */
export const USES = ['locks', 'all'] as const;
export type Uses = (typeof USES)[number];

const SHARES = {
  locks: { lock: 1, shared: 0, permits: 0, several: 0 },
  all: { lock: 60, shared: 20, permits: 14, several: 6 },
} satisfies Record<Uses, Record<string, number>>;

/** How many permits there are; not always the same number, as while a service is deployed that knows another. */
const LIMITS = [3, 3, 3, 2, 5];
const MOST_TOGETHER = 3;
const STOLEN = 0.04;
const KEPT = 0.06;
/** Some longer than the shortest ttl. */
const MOST_KEPT_MS = 600;
/** Of those that may be kept the terms are alike: only then one is taken again. */
const LINGERING = 0.3;
const LINGER_MS = [100, 800];
const LINGERING_TTL_MS = 1_000;
const HANDED_ON = { no: 92, one: 6, two: 1.5, lost: 0.5 } satisfies Record<HandOn, number>;

/** Plans the rounds of one hand. */
export class RoundPlan {
  readonly #random: Random;
  readonly #pace: Pace;
  readonly #names: readonly string[];
  readonly #hand: number;
  readonly #uses: Uses;

  /** @param hand counted from 0, among those of its process */
  constructor(random: Random, pace: Pace, names: readonly string[], hand: number, uses: Uses) {
    this.#random = random;
    this.#pace = pace;
    this.#names = names;
    this.#hand = hand;
    this.#uses = uses;
  }

  next(): Round {
    const random = this.#random;
    const waiting = random.weighted({ patient: 65, impatient: 15, default: 12, aborting: 8 });
    const what = this.#what();
    const isAll = this.#uses === 'all';
    const autoRenew = random.chance(0.8);
    const lingerMs = isAll && autoRenew && random.chance(LINGERING) ? random.pick(LINGER_MS) : 0;
    return {
      ...what,
      // Of what is held together nothing can be stolen.
      isSteal: isAll && what.limit === 1 && random.chance(STOLEN),
      minHoldMs: isAll && random.chance(KEPT) ? random.between(1, MOST_KEPT_MS) : 0,
      handOn: isAll ? random.weighted(HANDED_ON) : 'no',
      isTry: random.chance(0.06),
      ttlMs: lingerMs > 0 ? LINGERING_TTL_MS : random.between(300, 3_000),
      autoRenew,
      lingerMs,
      waitTimeoutMs:
        waiting === 'default' ? null : waiting === 'impatient' ? random.between(20, 1_000) : PATIENT_MS,
      abortAfterMs: waiting === 'aborting' ? random.between(0, 1_000) : null,
      holdMs: this.#length(this.#pace.holdMs),
      restMs: this.#length(this.#pace.restMs),
    };
  }

  #what(): Pick<Round, 'names' | 'want' | 'limit'> {
    const random = this.#random;
    const name = random.pick(this.#namesWanted());
    switch (random.weighted(SHARES[this.#uses])) {
      case 'lock':
        return { names: [name], want: 1, limit: 1 };
      case 'shared':
        return { names: [name], want: 1, limit: null };
      case 'permits': {
        const limit = random.pick(LIMITS);
        return { names: [name], want: random.between(1, limit), limit };
      }
      case 'several': {
        const others = Array.from({ length: random.between(1, MOST_TOGETHER - 1) }, () =>
          random.pick(this.#names),
        );
        return { names: [...new Set([name, ...others])], want: 1, limit: random.chance(0.3) ? null : 1 };
      }
    }
  }

  #namesWanted(): readonly string[] {
    const { crowd, crowdedNames } = this.#pace;
    const crowded = this.#names.slice(0, crowdedNames);
    if ('share' in crowd) return this.#random.chance(crowd.share) ? crowded : this.#names;
    const others = this.#names.slice(crowdedNames);
    return this.#hand % crowd.everyNthHand === 0 || others.length === 0 ? crowded : others;
  }

  #length(lengths: Pace['holdMs']): number {
    let left = this.#random.next() * 100;
    for (const [times, [least, most]] of lengths) {
      if ((left -= times) < 0) return this.#random.between(least, most);
    }
    throw new Error('the lengths of a pace are of a hundred');
  }
}
