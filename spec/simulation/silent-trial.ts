import { Told } from '../../lib/schema/constants.js';
import type { SimServer } from './sim-server.js';
import type { Entry } from './tally.js';
import type { World } from './world.js';

/** An answer to a pushed grant has come by then, and places are kept for the silent until then. */
const ACKNOWLEDGED_MS = 900;
const SILENT_MS = 10_000;
/** A guest's leases outlast its trial. */
const TTL_MS = 600_000;
const GRANT = 'silent-trial grant';
const PLACE = 'silent-trial place';

/** A client of the simulation's own. It calls when the trial says so, and hears nothing. */
class Guest {
  readonly name: string;
  readonly #server: SimServer;
  readonly #session;
  #requests = 0;

  constructor(server: SimServer, name: string) {
    this.#server = server;
    this.#session = server.connect(() => undefined);
    this.name = `silent-trial ${name}`;
  }

  /** @returns the id of the request */
  acquire(name: string): string {
    const id = `${this.name} ${++this.#requests} `.padEnd(32, 'x');
    this.#call(['acquire', id, this.#requests, name, TTL_MS, 1, 1]);
    return id;
  }

  release(name: string, id: string): void {
    this.#call(['release', name, id]);
  }

  /** What the request is said to be. */
  check(name: string, id: string): number {
    return Number(this.#call(['check', name, id, true])[0]);
  }

  close(): void {
    while (this.#server.run(this.#session, 'lock_close', [this.#inbox]) === true);
    this.#server.drop(this.#session);
  }

  get #inbox(): string {
    return `${this.name} inbox`.padEnd(32, 'i');
  }

  #call(operation: readonly unknown[]): unknown[] {
    const args = [null, this.#inbox, this.name, [operation]];
    const [, , [answer]] = this.#server.run(this.#session, 'lock_batch', args) as [
      number,
      number,
      unknown[][],
    ];
    return answer as unknown[];
  }
}

/**
 * One guest does not acknowledge a grant, and waits for another name as well. What becomes of its place there depends on
 * when it calls again, to the millisecond.
 */
export class SilentTrial {
  readonly #server: SimServer;
  readonly #later: (ms: number, what: () => void) => void;

  constructor(world: World, server: SimServer) {
    this.#server = server;
    this.#later = (ms, what) => world.after(ms, () => server.serve(what));
  }

  /** Calls just when its time to acknowledge was over. @throws Error if it loses its place to whoever is behind it */
  callsInTime(): void {
    const { holder, place, late, behind } = this.#begin();
    this.#later(ACKNOWLEDGED_MS, () => {
      // About the name whose grant it has missed: the server finds that out now, and that it lives.
      late.acquire(GRANT);
      holder.release(PLACE, place);
      const [first] = this.#holders(PLACE);
      if (first !== late.name)
        throw new Error(`"${PLACE}" went to ${first}, not to ${late.name}, which had called`);
      for (const guest of [holder, late, behind]) guest.close();
    });
  }

  /** Calls when the time for that is over, too. @throws Error if it has its place again */
  callsTooLate(): void {
    const { holder, late, behind, waits } = this.#begin();
    this.#later(ACKNOWLEDGED_MS, () => {
      behind.acquire(GRANT);
      this.#later(SILENT_MS + 1, () => {
        const told = late.check(PLACE, waits);
        if (told !== Told.gone)
          throw new Error(`${late.name} came back too late, and is told ${told}, not gone`);
        for (const guest of [holder, late, behind]) guest.close();
      });
    });
  }

  /** One holds both names, one waits for both, one behind it for the second. The first name is granted. */
  #begin(): { holder: Guest; place: string; late: Guest; waits: string; behind: Guest } {
    const [holder, late, behind] = ['holder', 'late', 'behind'].map(
      (name) => new Guest(this.#server, name),
    ) as [Guest, Guest, Guest];
    const [grant, place] = [holder.acquire(GRANT), holder.acquire(PLACE)];
    late.acquire(GRANT);
    const waits = late.acquire(PLACE);
    behind.acquire(PLACE);
    holder.release(GRANT, grant);
    return { holder, place, late, waits, behind };
  }

  #holders(name: string): string[] {
    const session = this.#server.connect(() => undefined);
    const [, , entries] = this.#server.run(session, 'lock_query', [name, '', 1]) as [
      number,
      unknown,
      Entry[],
    ];
    this.#server.drop(session);
    return entries.filter(([, isHeld]) => isHeld).map(([, , , , owner]) => owner);
  }
}
