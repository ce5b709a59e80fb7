import { forbiddenError, lookupError, requireFewer, valueError } from '../errors.js';
import type { ThingsError } from '../things-error.js';

/** Longer names are left out of errors, as names that do not print are. */
const MAX_SHOWN_BYTES = 99;

/** One entry: a name, or a pattern that names are tested against. */
export interface WhitelistEntry {
  /** The name, or the pattern as it is written in code: `/^x/i`. */
  readonly text: string;
  readonly pattern?: { test(name: string): boolean };
}

/** What a whitelist can be about. */
export type WhitelistKind = 'rooms' | 'procedures';

/** @throws ThingsError -60 for any other word */
export function toWhitelistKind(word: string): WhitelistKind {
  if (word === 'rooms' || word === 'procedures') return word;
  throw valueError('invalid whitelist; expecting "rooms" or "procedures"');
}

/** The rooms or the procedures that a user may use. A user who has no such list may use all of them. */
export class Whitelist {
  #entries: readonly WhitelistEntry[];

  constructor(entries: readonly WhitelistEntry[] = []) {
    this.#entries = entries;
  }

  get entries(): readonly WhitelistEntry[] {
    return this.#entries;
  }

  /** @throws ThingsError -54 when it is there already, -57 when there are `limit` entries */
  add(entry: WhitelistEntry, limit: number): void {
    if (this.#entries.some((other) => isSame(other, entry))) throw entryError(entry, 'already');
    requireFewer(this.#entries.length, limit, 'entries in one whitelist');
    this.#entries = [...this.#entries, entry];
  }

  /** @throws ThingsError -54 when it is not there */
  delete(entry: WhitelistEntry): void {
    const at = this.#entries.findIndex((other) => isSame(other, entry));
    if (at < 0) throw entryError(entry, 'not found');
    const left = [...this.#entries];
    const last = left.pop();
    // The last one takes its place, as on a node.
    if (last !== undefined && at < left.length) left[at] = last;
    this.#entries = left;
  }

  allows(name: string): boolean {
    return this.#entries.some(({ text, pattern }) =>
      pattern === undefined ? text === name : pattern.test(name),
    );
  }

  /** @throws ThingsError -55 unless {@link allows} */
  require(name: string): void {
    if (!this.allows(name)) throw forbiddenError(`no match in whitelist for \`${name}\``);
  }
}

function isSame(one: WhitelistEntry, other: WhitelistEntry): boolean {
  return one.text === other.text && (one.pattern === undefined) === (other.pattern === undefined);
}

function entryError({ text }: WhitelistEntry, state: string): ThingsError {
  const isShown = /^[\x20-\x7e]*$/.test(text) && text.length <= MAX_SHOWN_BYTES;
  return lookupError(`${isShown ? `${text} ` : ''}${state} in whitelist`);
}
