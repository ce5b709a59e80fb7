import { wasGranted, type Granted, type Reading, type Request } from './reading.js';

/** A request without an answer can be granted so long after it was given up: what withdraws it comes behind it. */
export const LATE_MS = 10_000;

/** Who can have taken the lease: those who were granted the lock after it, and those of whom nobody knows whether they were. */
export function possibleThieves(lease: Granted, { thieves, deaths }: Reading): Request[] {
  return lease.names
    .flatMap((name) => thieves.get(name) ?? [])
    .filter((thief) => {
      if (thief === lease) return false;
      if (thief.granted !== undefined) return thief.granted.token > lease.granted.token;
      const endMs = thief.rejected?.atMs ?? deaths.get(thief.process) ?? Infinity;
      return lease.granted.atMs <= endMs + LATE_MS;
    });
}

/** From when on it may have been taken away; Infinity if nobody can have done it. */
export function stolenFromMs(lease: Granted, run: Reading): number {
  return Math.min(...possibleThieves(lease, run).map(({ requested }) => requested.atMs));
}

/** The first who has surely had the lock after it by theft; `undefined` if there is none. */
export function thiefOf(lease: Granted, run: Reading): Granted | undefined {
  return possibleThieves(lease, run)
    .filter(wasGranted)
    .reduce<Granted | undefined>(
      (first, thief) => (first !== undefined && first.granted.atMs <= thief.granted.atMs ? first : thief),
      undefined,
    );
}
