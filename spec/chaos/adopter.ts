import type { Lease } from '../../lib/index.js';
import { codeOf, LeaseWork, type LeaseOwner } from './lease-work.js';
import type { Parcel } from './taker-messages.js';

/** Goes on with the leases that other processes have handed on, several at a time. */
export class Adopter {
  readonly #owner: LeaseOwner;
  readonly #process: string;
  readonly #works = new Set<LeaseWork>();
  readonly #adopting = new Set<Promise<void>>();
  #count = 0;

  constructor(owner: LeaseOwner, processName: string) {
    this.#owner = owner;
    this.#process = processName;
  }

  adopt(parcel: Parcel): void {
    const adopting = this.#goOnWith(parcel, ++this.#count).finally(() => this.#adopting.delete(adopting));
    this.#adopting.add(adopting);
  }

  /** See {@link LeaseWork.look}. */
  look(): void {
    for (const work of this.#works) work.look();
  }

  /** Resolves when all that it has adopted is given back. */
  async rest(): Promise<void> {
    while (this.#adopting.size > 0) await Promise.all(this.#adopting);
  }

  async #goOnWith(parcel: Parcel, number: number): Promise<void> {
    const request = `${this.#process}/adopted.${number}`;
    const lease = await this.#lease(parcel, request);
    if (lease === undefined) return;
    const work = new LeaseWork(this.#owner, lease, { ...parcel, handOn: 'no' }, request);
    work.begin();
    this.#works.add(work);
    // No hand has a negative number.
    this.#owner.doing(-number, 'holding', parcel.ttlMs);
    await work.run();
    this.#owner.doing(-number, 'resting', parcel.ttlMs);
    this.#works.delete(work);
  }

  async #lease(parcel: Parcel, request: string): Promise<Lease | undefined> {
    const { history, manager } = this.#owner;
    const { request: adopts, names, want, limit, ttlMs } = parcel;
    const how = { waitTimeoutMs: null, abortAfterMs: null, autoRenew: true, isSteal: false, minHoldMs: 0 };
    history.record({
      event: 'requested',
      request,
      ...{ names, want, limit, ttlMs, ...how, adopts, isFinal: false },
    });
    try {
      return await manager.adopt(parcel.text);
    } catch (error) {
      history.record({ event: 'rejected', request, code: codeOf(error), message: String(error) });
      return undefined;
    }
  }
}
