import { withBudget } from '../model/budget.js';
import type { Collection } from '../model/store/collection.js';
import type { Database } from '../model/store/database.js';
import { deleteTask } from '../model/store/delete-task.js';
import { ThingsError } from '../model/things-error.js';
import type { Closure } from '../model/values/closure.js';
import { ErrorValue } from '../model/values/error-value.js';
import type { Task } from '../model/values/task.js';
import type { Value } from '../model/values/value.js';
import { runFutures } from '../runtime/futures.js';
import { Query } from '../runtime/query.js';

/** ThingsDB looks at its tasks this often. */
const INTERVAL_MS = 1000;

/** Rings of things are looked for at most this often: it takes time in proportion to what is stored. */
const RING_INTERVAL_MS = 30_000;

/** Tasks that are due run for so long, and the others once what clients have asked for meanwhile is done. */
const TURN_MS = 50;

// Taken now, while it is real: a test may put fake timers in place later.
const { performance } = globalThis;

/** A task, and the collection that it is in; `null` for the scope `@thingsdb`. */
type Due = readonly [task: Task, collection: Collection | null];

/** Runs tasks when their time has come. Asleep while there are none. */
export class TaskTimer {
  readonly #database: Database;
  readonly #call: (query: Query, closure: Closure, args: readonly Value[]) => Value;
  #cancel: (() => void) | null = null;
  #isClosed = false;
  #lastRingsMs = 0;

  constructor(database: Database, call: (query: Query, closure: Closure, args: readonly Value[]) => Value) {
    this.#database = database;
    this.#call = call;
  }

  /** To be called after whatever may have made a task. */
  wake(): void {
    if (this.#cancel || this.#isClosed || !this.#hasWork()) return;
    const now = this.#database.clock.now();
    this.#cancel = this.#database.clock.at(now + INTERVAL_MS, () => this.#tick());
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  #hasWork(): boolean {
    const database = this.#database;
    if (hasTime(database.tasks)) return true;
    for (const collection of database.collections.values()) {
      if (collection.mayHaveRings || hasTime(collection.tasks)) return true;
    }
    return false;
  }

  #tick(): void {
    const now = this.#database.nowSeconds;
    this.#run(this.#due(now), now);
  }

  #due(now: number): Due[] {
    const { tasks, collections } = this.#database;
    const due: Due[] = [];
    const add = (from: ReadonlyMap<bigint, Task>, collection: Collection | null): void => {
      for (const task of from.values()) {
        if (task.runAt !== null && task.runAt <= now) due.push([task, collection]);
      }
    };
    add(tasks, null);
    for (const collection of collections.values()) add(collection.tasks, collection);
    return due;
  }

  /** Runs those that are due, in order, in turns: together they may take longer than anybody should wait. */
  #run(due: readonly Due[], now: number): void {
    this.#cancel = null;
    const startMs = performance.now();
    for (let at = 0; at < due.length; at += 1) {
      const [task, collection] = due[at] as Due;
      this.#runIfDue(task, collection, now);
      if (performance.now() - startMs < TURN_MS || at === due.length - 1) continue;
      this.#cancel = this.#database.clock.at(this.#database.clock.now(), () =>
        this.#run(due.slice(at + 1), now),
      );
      return;
    }
    this.#collectRings();
    this.wake();
  }

  #collectRings(): void {
    const nowMs = this.#database.clock.now();
    if (nowMs - this.#lastRingsMs < RING_INTERVAL_MS) return;
    this.#lastRingsMs = nowMs;
    for (const collection of this.#database.collections.values()) collection.collectRings();
  }

  #runIfDue(task: Task, collection: Collection | null, now: number): void {
    const { closure, owner } = task;
    // One that ran before it may have taken it away, or its collection.
    if ((collection ?? this.#database).tasks.get(task.id) !== task) return;
    if (task.runAt === null || task.runAt > now || !closure || !owner) return;
    const scope = collection ? collection.scope : this.#database.scope('@t');
    const query = new Query(this.#database, scope, owner, null);
    if (closure.hasSideEffects) query.beginChange();
    task.isRunning = true;
    task.hasNext = false;
    let error = new ErrorValue(0, 'success');
    try {
      withBudget(query.budget, () => {
        this.#call(query, closure, [task, ...task.args]);
        runFutures(query, this.#call);
      });
      this.#database.node.counters.tasksSuccess += 1;
    } catch (thrown) {
      error = errorOf(thrown);
      this.#database.node.counters.tasksWithError += 1;
    }
    task.isRunning = false;
    this.#database.storage.add(query.budget.storedBytes);
    if (task.id !== 0n) this.#settle(task, collection, error);
    collection?.settle();
  }

  /** Done and not to run again: gone. Failed, or to run again: kept. */
  #settle(task: Task, collection: Collection | null, error: ErrorValue): void {
    if (!task.hasNext) task.runAt = null;
    if (task.runAt === null && error.code === 0) {
      deleteTask(task, collection, this.#database);
      return;
    }
    task.error = error;
  }
}

function hasTime(tasks: ReadonlyMap<bigint, Task>): boolean {
  for (const task of tasks.values()) if (task.runAt !== null) return true;
  return false;
}

function errorOf(thrown: unknown): ErrorValue {
  if (thrown instanceof ThingsError) return new ErrorValue(thrown.code, thrown.message);
  return new ErrorValue(-63, thrown instanceof Error ? thrown.message : String(thrown));
}
