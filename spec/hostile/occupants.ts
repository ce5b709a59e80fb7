import { randomBytes } from 'node:crypto';
import { Refusal, Told } from '../../lib/schema/constants.js';
import type { HostileClient } from './hostile-client.js';
import type { Sent } from './wire.js';

/** What a request asks for: exclusive unless it is shared. */
export interface Wish {
  readonly names: readonly string[];
  readonly isShared?: boolean;
  readonly ttlMs?: number;
  readonly lingers?: boolean;
}

export interface Occupant {
  readonly id: string;
  readonly name: string;
}

const SHARED_LIMIT = 2n ** 31n - 1n;
const HOURS_MS = 5 * 3_600_000;
const MAX_OPERATIONS = 1_024;
const MAX_PLACES = 4_096;
/** A procedure that only the trials have. */
export const SWEEP = 'sweep_now';

/** Fills a collection with requests, by the procedures and as fast as they allow. */
export class Occupants {
  readonly inbox = idText();
  readonly #client: HostileClient;
  readonly #scope: string;
  #numbers = 0n;

  constructor(client: HostileClient, scope: string) {
    this.#client = client;
    this.#scope = scope;
  }

  /** An `acquire` operation, and the request that it makes. */
  operation(wish: Wish, kind = 'acquire'): readonly [Sent, Occupant] {
    const id = idText();
    const { names, isShared = false, ttlMs = HOURS_MS, lingers = false } = wish;
    const [name = ''] = names;
    const terms = [BigInt(ttlMs), 1n, isShared ? SHARED_LIMIT : 1n];
    const operation = [kind, id, ++this.#numbers, names.length === 1 ? name : names, ...terms];
    return [lingers ? [...operation, true] : operation, { id, name }];
  }

  operations(wishes: readonly Wish[], kind?: 'acquire' | 'try'): Sent[] {
    return wishes.map((wish) => this.operation(wish, kind)[0]);
  }

  /** The arguments of `lock_batch`. */
  call(operations: readonly Sent[], inbox = this.inbox): Sent[] {
    return [null, inbox, 'occupant', operations];
  }

  /** Makes these requests, in this order. */
  async take(wishes: readonly Wish[], inbox = this.inbox): Promise<Occupant[]> {
    const places = Math.max(1, ...wishes.map(({ names }) => names.length));
    const atOnce = Math.min(MAX_OPERATIONS, Math.floor(MAX_PLACES / places));
    const made: Occupant[] = [];
    for (let i = 0; i < wishes.length; i += atOnce) {
      const some = wishes.slice(i, i + atOnce).map((wish) => this.operation(wish));
      await this.decide(
        some.map(([operation]) => operation),
        inbox,
      );
      made.push(...some.map(([, occupant]) => occupant));
    }
    return made;
  }

  /** Ends the time of all leases, but for so many that hold each name the longest; nothing has noticed yet. */
  async expire(butFor = 0): Promise<void> {
    await this.alter(`s.locks.values().each(|q| q.held[${butFor}:].each(|r| { r.due = 1; nil; }));`);
  }

  /** Ends the time of all that one call of `expire` does not: what is looked after from time to time. */
  async age(): Promise<void> {
    await this.alter(`
      [s.inboxes, s.tombstones, s.watches].each(|all| all.values().each(|one| { one.due = 1; nil; }));
      s.inboxes.values().each(|box| { box.used = false; if (box.silent) box.silent = 1; nil; });`);
  }

  /** Runs code on the state, `s`, as time or very many calls would change it. */
  async alter(code: string): Promise<void> {
    await this.#query(`s = .thingsdb_lock; ${code} nil;`);
  }

  /** Withdraws so many requests that nobody has made: each leaves a tombstone. */
  async withdraw(count: number): Promise<void> {
    for (let left = count; left > 0; left -= MAX_OPERATIONS) {
      const made = Array.from({ length: Math.min(left, MAX_OPERATIONS) }, () => idText());
      await this.decide(
        made.map((id) => ['withdraw', 'withdrawn', id]),
        this.inbox,
      );
    }
  }

  /** Makes a procedure that does what the sweeper does. */
  async prepareSweep(): Promise<void> {
    await this.alter('is_task(s.sweeper) || wse(s.fn.arm(s, int(now()) + 3600));');
    await this.#query(
      `new_procedure('${SWEEP}', || {
        "As the sweeper's task.";
        s = .thingsdb_lock;
        is_task(s.sweeper) || raise('there is nobody to sweep');
        swept = try(wse(s.fn.sweep(s, s.sweeper)));
        // Only a task can put itself off, which it does last.
        is_err(swept) && swept.code() != -63 && raise(swept);
        nil;
      });`,
    );
  }

  /** The answers to all of these operations, in as many calls as the server takes for them. */
  async decide(operations: readonly Sent[], inbox = this.inbox): Promise<Sent[][]> {
    const all: Sent[][] = [];
    while (all.length < operations.length) {
      const left = operations.slice(all.length);
      const [, , answers] = (await this.run('lock_batch', this.call(left, inbox))) as [Sent, Sent, Sent[][]];
      const undecided = answers.findIndex(isUndecided);
      all.push(...(undecided < 0 ? answers : answers.slice(0, undecided)));
    }
    return all;
  }

  async run(procedure: string, args: readonly Sent[]): Promise<unknown> {
    const { errorCode, errorText, result } = await this.#client.run(this.#scope, procedure, args);
    if (errorCode !== undefined) throw new Error(`${procedure} was refused: ${errorCode} ${errorText}`);
    return result;
  }

  async #query(code: string): Promise<void> {
    const { errorCode, errorText } = await this.#client.query(this.#scope, code);
    if (errorCode !== undefined) throw new Error(`a query was refused: ${errorCode} ${errorText}`);
  }
}

/** Whether the server had no time for an operation. */
export function isUndecided([told, code]: readonly Sent[]): boolean {
  return Number(told) === Told.refused && Number(code) === Refusal.notDecided;
}

export function idText(): string {
  return randomBytes(24).toString('base64url');
}

/** As many wishes as `count`, each for names of its own or, with one wish given, alike. */
export function many(count: number, wish: (i: number) => Wish): Wish[] {
  return Array.from({ length: count }, (_, i) => wish(i));
}
