import { PushType } from './sim-server.js';

/** One holder or waiter, as `lock_query` tells of it. */
export type Entry = readonly [
  name: string,
  isHeld: boolean,
  units: number,
  limit: number,
  owner: string,
  since: number,
  due: number,
  token: number,
  ahead: number,
  lingers: boolean,
];

/** What is told of one name to those who watch all names. */
interface Known {
  told: number;
  /** How many are in the queue, by the last that was told. */
  queued: number;
}

/** A lease, by what was told of it. */
interface Lease {
  owner: string;
  readonly sinceUs: number;
}

/** Knows the queues by what is told of all names, and compares that with what the server says of them. */
export class Tally {
  readonly #names = new Map<string, Known>();
  /** By name and token. */
  readonly #leases = new Map<string, Lease>();
  /** By name: what was told to those who watch that name alone. */
  readonly #toldOfOne = new Map<string, number>();

  /** Something was told in the room of all names. */
  told(type: number, event: string, args: readonly unknown[]): void {
    if (type !== PushType.emit) return;
    const [name, owner, token, , , , at, , queued] = args as [string, string, number, ...number[]];
    const known = this.#names.get(name) ?? { told: 0, queued: 0 };
    this.#names.set(name, { told: known.told + 1, queued: queued as number });
    if (event === 'acquired') this.#leases.set(keyOf(name, token), { owner, sinceUs: at as number });
    const lease = this.#leases.get(keyOf(name, token));
    if (event === 'adopted' && lease !== undefined) lease.owner = owner;
  }

  /** Something was told in the room of this name. */
  toldOfOne(name: string): void {
    this.#toldOfOne.set(name, (this.#toldOfOne.get(name) ?? 0) + 1);
  }

  /**
   * @param entries those who hold and wait, as the server tells
   * @param inQueue by name: how many are in its queue, also those who are silent
   * @throws Error if something was not told, or was told wrongly
   */
  compare(entries: readonly Entry[], inQueue: ReadonlyMap<string, number>): void {
    for (const [name, toldOfOne] of this.#toldOfOne) {
      const { told } = this.#names.get(name) ?? { told: 0 };
      if (told !== toldOfOne)
        throw new Error(
          `"${name}": ${told} events for those who watch all, ${toldOfOne} for those who watch it`,
        );
    }
    for (const [name, { queued }] of this.#names) {
      const waiting = inQueue.get(name) ?? 0;
      if (waiting !== queued) throw new Error(`"${name}": ${waiting} wait, and ${queued} were told of`);
    }
    for (const entry of entries) this.#compareLease(entry);
  }

  #compareLease([name, isHeld, , , owner, since, , token]: Entry): void {
    const lease = isHeld ? this.#leases.get(keyOf(name, token)) : undefined;
    if (lease === undefined) return;
    if (lease.owner !== owner)
      throw new Error(`"${name}": ${owner} has the lease that ${lease.owner} was told to have`);
    if (lease.sinceUs !== since)
      throw new Error(`"${name}": held since ${since} by a lease that was told of at ${lease.sinceUs}`);
  }
}

function keyOf(name: string, token: number): string {
  return `${token} ${name}`;
}
