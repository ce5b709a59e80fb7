import type { User } from '../model/accounts/user.js';
import { Budget } from '../model/budget.js';
import { lookupError, operationError, see, UncaughtError } from '../model/errors.js';
import { MAX_RECURSION } from '../model/limits.js';
import type { Session } from '../model/session.js';
import type { Collection } from '../model/store/collection.js';
import type { Database } from '../model/store/database.js';
import type { Procedure } from '../model/store/procedure.js';
import type { Scope } from '../model/store/scope.js';
import { ThingsError } from '../model/things-error.js';
import type { Closure } from '../model/values/closure.js';
import { ErrorValue } from '../model/values/error-value.js';
import type { Future } from '../model/values/future.js';
import type { Heap } from '../model/values/heap.js';
import type { Task } from '../model/values/task.js';
import type { Thing } from '../model/values/thing.js';
import type { Value } from '../model/values/value.js';
import type { Evaluate } from './evaluate.js';
import { returnSignal } from './signals.js';

/** What a method gave for a property of a wrap. */
export interface Computed {
  readonly value: Value;
  readonly deep: number;
  readonly withoutIds: boolean;
  readonly hasFutures: boolean;
}

/** An error of the program is a value like any other here; what ends a query ends it. */
function valueOrError(run: () => Value): Value {
  try {
    return run();
  } catch (thrown) {
    if (!(thrown instanceof ThingsError) || thrown instanceof UncaughtError) throw thrown;
    return new ErrorValue(thrown.code, thrown.message);
  }
}

/** So many variables are looked through in no time. */
const FEW_VARIABLES = 64;

/** One running query, procedure, future or task: its scope, its variables, and what it may do. */
export class Query {
  /** The variables of all closures that run now, innermost last. */
  readonly #names: string[] = [];
  readonly #values: Value[] = [];
  /** Where the variables of the innermost closure begin. */
  #localStart = 0;
  #callDepth = 0;
  /** How deep the result is given: ThingsDB's `deep`. */
  deep: number;
  /** Leaves the ids out of the result. */
  withoutIds = false;
  /** 0: no change, so nothing stored may be altered. */
  changeId = 0;
  /** `nse()` was used: the hint in an error differs. */
  hasNse = false;
  readonly futures: Future[] = [];
  /** The value before `..`, on its way to the rest of the chain. */
  optional: Value = null;
  /** The value of a `return` on its way out. */
  returned: Value = null;

  constructor(
    readonly database: Database,
    readonly scope: Scope,
    readonly user: User,
    readonly session: Session | null,
    /** What it may use up: its own, or that of the query whose future it is. */
    readonly budget = new Budget(database.limits),
  ) {
    this.deep = scope.kind === 'collection' ? scope.collection.deep : database.deep;
  }

  get collection(): Collection | null {
    return this.scope.kind === 'collection' ? this.scope.collection : null;
  }

  /** As {@link collection}, for values that are made. */
  get heap(): Heap | null {
    return this.collection;
  }

  get tasks(): Map<bigint, Task> {
    return (this.collection ?? this.database).tasks;
  }

  /** The collection, or error -54 with ThingsDB's hint. */
  requireCollection(functionName: string): Collection {
    if (this.scope.kind === 'collection') return this.scope.collection;
    throw lookupError(
      `function \`${functionName}\` is undefined in the \`@${this.scope.kind}\` scope; ` +
        `you might want to query a \`@collection\` scope?${see('overview/scopes')}`,
    );
  }

  /** Throws -54 unless this is the `@thingsdb` scope. */
  requireThingsdb(functionName: string): void {
    if (this.scope.kind === 'thingsdb') return;
    throw lookupError(
      `function \`${functionName}\` is undefined in the \`@${this.scope.kind}\` scope; ` +
        `you might want to query the \`@thingsdb\` scope?${see('overview/scopes')}`,
    );
  }

  /** Throws -54 in the `@node` scope. */
  requireThingsdbOrCollection(functionName: string): void {
    if (this.scope.kind !== 'node') return;
    throw lookupError(
      `function \`${functionName}\` is undefined in the \`@${this.scope.kind}\` scope; ` +
        `you might want to query the \`@thingsdb\` or a \`@collection\` scope?${see('overview/scopes')}`,
    );
  }

  /** Throws -54 unless this is the `@node` scope. */
  requireNode(functionName: string): void {
    if (this.scope.kind === 'node') return;
    throw lookupError(
      `function \`${functionName}\` is undefined in the \`@${this.scope.kind}\` scope; ` +
        `you might want to query a \`@node\` scope?${see('overview/scopes')}`,
    );
  }

  get procedures(): Map<string, Procedure> {
    return this.collection?.procedures ?? this.database.procedures;
  }

  /** A change begins: from now on the query may store what it makes. */
  beginChange(): void {
    this.changeId = this.database.nextChangeId();
    this.budget.mayStore(this.database.storage);
  }

  /** Counts work, so that no query runs for ever. */
  step(count = 1): void {
    this.budget.step(count);
  }

  // --- variables ---

  variable(name: string): Value | undefined {
    const names = this.#names;
    let at = names.length - 1;
    while (at >= 0 && names[at] !== name) at -= 1;
    this.#searched(names.length - at);
    return at < 0 ? undefined : this.#values[at];
  }

  /** Sets a variable of the innermost closure; those of its callers can be read but not set. */
  assign(name: string, value: Value): void {
    const names = this.#names;
    let at = names.length - 1;
    while (at >= this.#localStart && names[at] !== name) at -= 1;
    this.#searched(names.length - at);
    if (at >= this.#localStart) {
      this.#values[at] = value;
    } else {
      names.push(name);
      this.#values.push(value);
    }
  }

  /** To look through very many variables is work as well. */
  #searched(variables: number): void {
    if (variables > FEW_VARIABLES) this.budget.step(variables >> 5);
  }

  /** Replaces the value of a variable wherever it was set, as `+=` does. */
  replace(name: string, value: Value): void {
    const at = this.#names.lastIndexOf(name);
    if (at >= 0) this.#values[at] = value;
  }

  /** Every value a variable holds, for `refs` and for keeping things alive within the query. */
  variableValues(): readonly Value[] {
    return this.#values;
  }

  /** The things that variables hold, with those inside of them. */
  thingsInVariables(): ReadonlySet<Thing> {
    const found = new Set<Thing>();
    const seen = new Set<Value>();
    const waiting: Value[] = [...this.#values, ...this.futures.flatMap(({ args }) => args)];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (typeof next !== 'object' || next === null || seen.has(next)) continue;
      seen.add(next);
      if (next.kind === 'list') waiting.push(...next.items);
      if (next.kind === 'set') waiting.push(...next.things);
      if (next.kind === 'wrap' || next.kind === 'wano') waiting.push(next.thing);
      if (next.kind !== 'thing') continue;
      found.add(next);
      if (!next.id) waiting.push(...next.values);
    }
    return found;
  }

  // --- closures ---

  call(closure: Closure, args: readonly Value[]): Value {
    const { parameters } = closure;
    const base = this.#enter(closure);
    for (let at = 0; at < parameters.length; at += 1) this.#bind(parameters[at] as string, args[at] ?? null);
    return this.#run(closure, base);
  }

  /** As {@link call}, for the built-ins that call a closure for each item: no list of arguments is made. */
  call1(closure: Closure, first: Value): Value {
    const { parameters } = closure;
    const base = this.#enter(closure);
    if (parameters.length > 0) this.#bind(parameters[0] as string, first);
    for (let at = 1; at < parameters.length; at += 1) this.#bind(parameters[at] as string, null);
    return this.#run(closure, base);
  }

  call2(closure: Closure, first: Value, second: Value): Value {
    const { parameters } = closure;
    const base = this.#enter(closure);
    if (parameters.length > 0) this.#bind(parameters[0] as string, first);
    if (parameters.length > 1) this.#bind(parameters[1] as string, second);
    for (let at = 2; at < parameters.length; at += 1) this.#bind(parameters[at] as string, null);
    return this.#run(closure, base);
  }

  /** Throws -63 when the closure has side effects and this query may have none. */
  requireChangeFor(closure: Closure): void {
    if (this.changeId || !closure.hasSideEffects) return;
    throw operationError(
      'closures with side effects require a change but none is created; ' +
        `use \`wse(...)\` to enforce a change${see('collection-api/wse')}`,
    );
  }

  #enter(closure: Closure): number {
    this.requireChangeFor(closure);
    this.step();
    if (closure.depth === MAX_RECURSION) {
      throw operationError(`maximum recursion depth exceeded${see('data-types/closure')}`);
    }
    if (this.#callDepth === this.database.limits.callDepth) {
      throw operationError(`maximum call depth exceeded${see('data-types/closure')}`);
    }
    return this.#names.length;
  }

  #bind(name: string, value: Value): void {
    this.#names.push(name);
    this.#values.push(value);
  }

  #run(closure: Closure, base: number): Value {
    const outer = this.#localStart;
    this.#localStart = this.#names.length;
    this.#callDepth += 1;
    closure.depth += 1;
    try {
      return (closure.body as Evaluate)(this);
    } catch (thrown) {
      if (thrown !== returnSignal) throw thrown;
      return this.takeReturned();
    } finally {
      closure.depth -= 1;
      this.#callDepth -= 1;
      this.#localStart = outer;
      this.#names.length = base;
      this.#values.length = base;
    }
  }

  /** Runs `action` in a query that may change nothing. */
  withoutChange<T>(action: () => T): T {
    const { changeId } = this;
    this.changeId = 0;
    try {
      return action();
    } finally {
      this.changeId = changeId;
    }
  }

  /**
   * Computes a property of `thing`. Nothing may be changed by it, and the depth that it asks for is its own. The method
   * counts as running while `write` writes the result, in which it may be asked for again.
   */
  computing<T>(method: Closure, thing: Thing, withoutIds: boolean, write: (computed: Computed) => T): T {
    const { deep, withoutIds: outerWithoutIds } = this;
    this.deep = this.collection?.deep ?? deep;
    this.withoutIds = withoutIds;
    try {
      return this.withoutChange(() => {
        const value = valueOrError(() => this.call1(method, thing));
        const hasFutures = this.futures.length > 0;
        this.futures.length = 0;
        const computed = { value, deep: this.deep, withoutIds: this.withoutIds, hasFutures };
        return this.#inside(method, () => write(computed));
      });
    } finally {
      Object.assign(this, { deep, withoutIds: outerWithoutIds });
    }
  }

  #inside<T>(closure: Closure, action: () => T): T {
    closure.depth += 1;
    this.#callDepth += 1;
    try {
      return action();
    } finally {
      closure.depth -= 1;
      this.#callDepth -= 1;
    }
  }

  takeReturned(): Value {
    const value = this.returned;
    this.returned = null;
    return value;
  }

  // --- stored data ---

  /** Throws -63 when a stored value would be altered without a change. */
  requireChange(what: 'list' | 'set' | 'thing' | 'room' | 'task', isStored: boolean): void {
    if (this.changeId || !isStored) return;
    const hint = this.hasNse ? 'remove `nse' : 'use `wse';
    throw operationError(`operation on a stored ${what}; ${hint}(...)\` to enforce a change`);
  }

  thingById(id: bigint): Thing {
    const { collection } = this;
    if (!collection) {
      throw lookupError(
        `scope \`@${this.scope.kind}\` has no stored things; you might want to query a \`@collection\` scope?`,
      );
    }
    collection.settle(this.#values);
    const thing = collection.things.get(id);
    if (!thing) throw lookupError(`collection \`${collection.name}\` has no \`thing\` with id ${id}`);
    return thing;
  }
}
