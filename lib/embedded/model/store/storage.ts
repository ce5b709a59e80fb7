import type { User } from '../accounts/user.js';
import { cost } from '../budget.js';
import type { Closure } from '../values/closure.js';
import type { Value } from '../values/value.js';
import type { Collection } from './collection.js';
import type { Database } from './database.js';

/** What a query may make when the store is full. It is enough to delete something, and a small share of the limit. */
const LEAST_TO_DELETE = 16 * 1024;
const SHARE_TO_DELETE = 2 ** -12;

/** Measured anew at each query that stores, until the store is nearly full: then once in this many milliseconds. */
const MEASURE_MS = 1000;

/** Measuring takes no more than this share of the time. */
const MEASURE_SHARE = 0.05;

// Taken now, while it is real: a test may put fake timers in place later.
const { performance } = globalThis;

/** How much all that is stored takes, roughly: as measured last, and all that queries have made since. */
export class Storage {
  readonly #database: Database;
  #measured = 0;
  #since = 0;
  #nextMeasureMs = -Infinity;

  constructor(
    database: Database,
    readonly limit: number,
  ) {
    this.#database = database;
  }

  /** A query that may have stored it has made this much. */
  add(bytes: number): void {
    this.#since += bytes;
  }

  /** Bytes that the next query which stores may make. */
  get room(): number {
    if (this.#isFull) this.#measure();
    return this.#isFull ? Math.max(LEAST_TO_DELETE, this.limit * SHARE_TO_DELETE) : Infinity;
  }

  get #isFull(): boolean {
    return this.#measured + this.#since > this.limit;
  }

  /** Looks at all that is stored, which takes time. It does so after each eighth of the limit, or now and then. */
  #measure(): void {
    const nowMs = performance.now();
    if (this.#measured > (this.limit / 8) * 7 && nowMs < this.#nextMeasureMs) return;
    this.#measured = new Measure().database(this.#database);
    this.#since = 0;
    const endMs = performance.now();
    this.#nextMeasureMs = endMs + Math.max(MEASURE_MS, (endMs - nowMs) / MEASURE_SHARE);
  }
}

/** Adds up what is stored. Things are counted where their collection lists them, texts of programs once each. */
class Measure {
  #bytes = 0;
  readonly #sources = new Set<object>();

  database(database: Database): number {
    const { collections, procedures, tasks, accounts } = database;
    for (const user of accounts.users) this.#user(user);
    for (const { closure } of procedures.values()) this.#closure(closure);
    for (const { closure, args } of tasks.values()) this.#values([closure, ...args]);
    for (const collection of collections.values()) this.#collection(collection);
    return this.#bytes;
  }

  #user({ tokens, whitelists }: User): void {
    this.#bytes += cost.named * (1 + tokens.length);
    for (const list of whitelists.values()) this.#bytes += cost.named * list.entries.length;
  }

  #collection({ things, rooms, types, enums, procedures, tasks }: Collection): void {
    this.#bytes += cost.named * (1 + types.size + enums.size) + cost.thing * rooms.size;
    for (const { keys, values } of things.values()) {
      this.#bytes += cost.thing + cost.slot * values.length;
      for (const key of keys) this.#bytes += key.length;
      this.#values(values);
    }
    for (const { closure } of procedures.values()) this.#closure(closure);
    for (const { closure, args } of tasks.values()) this.#values([closure, ...args]);
    for (const { fields, methods } of types.values()) {
      for (const { definition } of fields) this.#bytes += cost.named + definition.length;
      for (const method of methods.values()) this.#closure(method);
    }
    for (const { members, methods } of enums.values()) {
      this.#bytes += cost.named * members.length;
      this.#values(members.map(({ value }) => value));
      for (const method of methods.values()) this.#closure(method);
    }
  }

  #values(values: readonly Value[]): void {
    const waiting = [...values];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (typeof next === 'string') this.#bytes += next.length;
      if (typeof next !== 'object' || next === null) continue;
      this.#bytes += cost.value;
      if (next.kind === 'closure') this.#closure(next);
      if (next.kind === 'bytes') this.#bytes += next.data.length;
      if (next.kind === 'regex') this.#bytes += next.bytes;
      if (next.kind === 'error') this.#bytes += next.message.length;
      if (next.kind === 'mpdata') this.#bytes += next.size;
      if (next.kind === 'set') this.#bytes += cost.item * next.things.size;
      if (next.kind !== 'list') continue;
      this.#bytes += cost.slot * next.items.length;
      for (const item of next.items) waiting.push(item);
    }
  }

  #closure({ source }: Closure): void {
    this.#bytes += cost.closure;
    if (this.#sources.has(source)) return;
    this.#sources.add(source);
    this.#bytes += source.text.length * cost.letter;
  }
}
