import { LockError } from '../../errors.js';
import type { HeldInfo, LockSnapshot } from '../../lock-info.js';
import { elapsed } from '../elapsed.js';
import type { Output } from '../output.js';
import { printable, quoted } from '../printable.js';

/** How often somebody who looks at a terminal is told anew. */
const REFRESH_MS = 2_000;
/** Of many names that are waited for together, whose holders are asked for. */
const MOST_NAMES = 8;

/** Who is asked who holds. */
export interface Asked {
  query(name: string): Promise<LockSnapshot>;
}

/**
 * Tells people what they wait for: at a terminal a line that changes, elsewhere one line with `--verbose`. Who holds the
 * lock is told as far as this user may know it.
 */
export class WaitingReport {
  readonly #asked: Asked;
  readonly #names: readonly string[];
  readonly #owner: string;
  readonly #output: Output;
  readonly #startMs = performance.now();
  #ahead = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  #mayAsk = true;

  constructor(asked: Asked, names: readonly string[], owner: string, output: Output) {
    this.#asked = asked;
    this.#names = names;
    this.#owner = owner;
    this.#output = output;
  }

  /** The request is in the queue, with so many ahead. */
  async begin(ahead: number): Promise<void> {
    if (!this.#output.isWatched && !this.#output.isVerbose) return;
    this.#ahead = ahead;
    const held = await this.#look();
    if (this.#isOver) return;
    this.#output.detail(this.#record(held), this.#text(held));
    if (!this.#output.isWatched) return;
    this.#output.status(this.#text(held));
    this.#timer = setInterval(() => void this.#refresh(), REFRESH_MS);
    // Who waits for the lock keeps the process alive, not who tells of it.
    this.#timer.unref();
  }

  end(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#output.endStatus();
  }

  async #refresh(): Promise<void> {
    const held = await this.#look();
    if (!this.#isOver) this.#output.status(this.#text(held));
  }

  async #look(): Promise<readonly HeldInfo[]> {
    if (!this.#mayAsk) return [];
    try {
      const asked = this.#names.slice(0, MOST_NAMES).map((name) => this.#asked.query(name));
      const snapshots = await Promise.all(asked);
      const own = snapshots.flatMap(({ pending }) => pending).filter(({ owner }) => owner === this.#owner);
      // Of several with this label nobody knows which is this one.
      if (own.length === this.#names.length) this.#ahead = Math.max(...own.map(({ position }) => position));
      return snapshots.flatMap(({ held }) => held);
    } catch (error) {
      // A user who may lock need not be one who may look. A server that is away is told of by the wait itself.
      if (!(error instanceof LockError)) throw error;
      this.#mayAsk = error.code === 'LOCK_CONNECTION';
      return [];
    }
  }

  #text(held: readonly HeldInfo[]): string {
    const names = this.#names.map(quoted).join(' and ');
    const waited = elapsed(performance.now() - this.#startMs);
    return `waiting for ${names} (${waited}): ${this.#ahead} ahead${holderText(held)}`;
  }

  #record(held: readonly HeldInfo[]): { type: 'waiting' } & Record<string, unknown> {
    const holders = held.map(({ name, owner, since }) => ({ name, owner, since: since.toISOString() }));
    return { type: 'waiting', names: this.#names, ahead: this.#ahead, held: holders };
  }
}

function holderText([first, ...others]: readonly HeldInfo[]): string {
  if (first === undefined) return '';
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const forMs = Date.now() - first.since.getTime();
  return `, held by ${printable(first.owner)}${more} since ${first.since.toISOString().slice(11, 19)}Z (${elapsed(forMs)})`;
}
