import { takenAway } from './answers.js';
import type { TakenAway } from './operations.js';

/** What is told in the room of a watched name, or of all names. */
const EVENTS = ['waiting', 'withdrawn', 'acquired', 'released', 'expired', 'lost', 'adopted'] as const;

/** What has happened to a request. Times are the server's, in microseconds. */
export interface Watched {
  readonly event: (typeof EVENTS)[number];
  readonly name: string;
  readonly owner: string;
  /** 0 while it waits. */
  readonly token: number;
  readonly units: number;
  readonly limit: number;
  /** Why a lease is lost. */
  readonly why: TakenAway | undefined;
  readonly at: number;
  /** Since when what the event ends has lasted. */
  readonly since: number;
  /** Who wait for the name after it. */
  readonly queued: number;
  /** How long the lease lasts that begins; Python's may be longer than any of ours. */
  readonly ttlMs: number;
  readonly lingers: boolean;
}

/**
 * Reads `name, owner, token, units, limit, why, at, since, queued, ttl, lingers`, as it was told. `undefined` when it
 * is nothing that the server tells.
 */
export function watchedOf(told: unknown, args: readonly unknown[]): Watched | undefined {
  const event = EVENTS.find((one) => one === told);
  const [name, owner, token, units, limit, why, at, since, queued, ttlMs, lingers] = args;
  const isText = typeof name === 'string' && typeof owner === 'string' && typeof lingers === 'boolean';
  if (event === undefined || !isText) return undefined;
  const counts = [token, units, limit, at, since, queued, ttlMs];
  if (!counts.every(isCount)) return undefined;
  const [tokenN = 0, unitsN = 0, limitN = 0, atUs = 0, sinceUs = 0, queuedN = 0, ttl = 0] = counts;
  const reason = takenAway(why);
  if ((event === 'lost') !== (reason !== undefined)) return undefined;
  return {
    ...{ event, name, owner, token: tokenN, units: unitsN, limit: limitN, why: reason },
    ...{ at: atUs, since: sinceUs, queued: queuedN, ttlMs: ttl, lingers },
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
