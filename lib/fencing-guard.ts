import { inspect } from 'node:util';
import { LockOptionsError, StaleTokenError } from './errors.js';
import { checkedName } from './options/names.js';

/** A lock's name and the newest fencing token that was seen of it. */
export type FencingEntry = readonly [name: string, token: number];

/**
 * The enforcing half of fencing, for a resource that one process owns. It remembers the newest fencing token of each
 * name and refuses older ones. So a holder that has lost its lease without noticing can write nothing more.
 *
 * It refuses an older token only once it has seen the newer one. So show it the token before you read what you are
 * going to write back, too. From then on nothing that an earlier holder still sends gets in between.
 *
 * It knows what it was shown and what it was made from, nothing else. Keep {@link entries} together with the data, in
 * one transaction or one file, and make it from them again. It keeps one entry for every name, and forgets none. An
 * entry that is gone would let an old token in.
 *
 * ```ts
 * const guard = new FencingGuard(stored.tokens);
 * guard.check('report', fencingToken); // throws StaleTokenError, or
 * await store({ tokens: [...guard.entries()], report });
 * ```
 */
export class FencingGuard {
  readonly #newest = new Map<string, number>();

  /**
   * @param entries those of an earlier guard, as they were stored; of several for one name the newest counts
   * @throws LockOptionsError if they are not pairs of a name and a token
   */
  constructor(entries: Iterable<FencingEntry> = []) {
    for (const [name, token] of pairs(entries)) {
      const newest = this.#newestOf(name);
      if (checkedToken(token) > newest) this.#newest.set(name, token);
    }
  }

  /**
   * Returns if no newer token of this name has been seen. The one seen last may come again, as often as its holder
   * writes.
   *
   * @param name the lock's name
   * @param token the `fencingToken` of the lease under which the caller wants to write
   * @throws StaleTokenError if a newer one has been seen: the lock is another's by now, or was
   * @throws LockOptionsError if the name is none, or the token no safe integer: then nothing is remembered
   */
  check(name: string, token: number): void {
    const newest = this.#newestOf(name);
    if (checkedToken(token) < newest) throw new StaleTokenError(name, token, newest);
    this.#newest.set(name, token);
  }

  /** What to store: each name with its newest token. Also fit for `JSON.stringify`, when it is spread into an array. */
  entries(): IterableIterator<FencingEntry> {
    return this.#newest.entries();
  }

  #newestOf(name: string): number {
    return this.#newest.get(checkedName(name)) ?? -Infinity;
  }
}

/** What was stored may have come back as anything. */
function* pairs(entries: Iterable<FencingEntry>): Generator<FencingEntry> {
  if (typeof (entries as Partial<Iterable<FencingEntry>> | null)?.[Symbol.iterator] !== 'function')
    throw new LockOptionsError(`invalid fencing entries: expected an iterable, not ${inspect(entries)}`);
  for (const entry of entries) {
    if (!Array.isArray(entry) || entry.length !== 2)
      throw new LockOptionsError(`invalid fencing entry: expected [name, token], not ${inspect(entry)}`);
    yield entry;
  }
}

function checkedToken(token: number): number {
  if (Number.isSafeInteger(token)) return token;
  throw new LockOptionsError(`invalid fencing token: expected a safe integer, not ${inspect(token)}`);
}
