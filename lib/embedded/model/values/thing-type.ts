import { cost, spendMemory, spendSteps } from '../budget.js';
import { operationError, typeError } from '../errors.js';
import type { Closure } from './closure.js';
import type { Field } from './field.js';
import type { Heap } from './heap.js';
import { Thing } from './thing.js';

/** Looking at this many things counts as one step. */
const THINGS_PER_STEP = 16;

/** A type: the properties and methods that its things have. */
export class ThingType {
  readonly fields: Field[] = [];
  /** The fields' names, in order; shared by all things of the type. */
  names: string[] = [];
  readonly methods = new Map<string, Closure>();
  isWrapOnly = false;
  hidesId = false;
  isIndexed = false;
  /** The property under which a thing gives its id; `#` by default. */
  idName: string | null = null;
  isDeleted = false;
  /** How often it is in use right now: it may not change while things of it are being made. */
  uses = 0;
  modifiedAt: number | null = null;
  #positions = new Map<string, number>();
  /** Its stored things, once they have been asked for, while the type is indexed. */
  #index: Set<Thing> | null = null;

  constructor(
    readonly id: number,
    public name: string,
    readonly heap: Heap,
    readonly createdAt: number,
  ) {}

  position(name: string): number {
    return this.#positions.get(name) ?? -1;
  }

  field(name: string): Field | undefined {
    return this.fields[this.position(name)];
  }

  has(name: string): boolean {
    return this.#positions.has(name) || this.methods.has(name) || this.idName === name;
  }

  /** Adds a field at the end. */
  add(field: Field): void {
    spendMemory(cost.named);
    this.#positions.set(field.name, this.fields.length);
    this.fields.push(field);
    // The list of names is shared by all things: those that are there may not see it grow.
    this.names = [...this.names, field.name];
    this.heap.typeVersion.version += 1;
  }

  /** After fields were added, removed, renamed or replaced. */
  reindex(): void {
    this.names = this.fields.map(({ name }) => name);
    this.#positions = new Map(this.names.map((name, at) => [name, at]));
    this.heap.typeVersion.version += 1;
  }

  /** Throws -61 when the type may only be used to wrap things. */
  requireInstances(): void {
    if (!this.isWrapOnly) return;
    throw typeError(`type \`${this.name}\` has wrap-only mode enabled`);
  }

  /** Throws -63 while the type is in use. */
  requireUnused(): void {
    if (this.uses) throw operationError(`cannot change type \`${this.name}\` while the type is in use`);
  }

  /** Throws -63 while the type is in use: nothing can be turned into it then. */
  requireUnlocked(): void {
    if (this.uses) throw operationError(`cannot use type \`${this.name}\` while the type is locked`);
  }

  /** Its stored things: known when the type is indexed, and else looked for among all of the collection's. */
  storedThings(): ReadonlySet<Thing> {
    if (!this.isIndexed) this.#index = null;
    return this.#index ?? this.#findThings();
  }

  #findThings(): ReadonlySet<Thing> {
    const { things } = this.heap;
    spendSteps(Math.ceil(things.size / THINGS_PER_STEP));
    const found = new Set<Thing>();
    for (const thing of things.values()) if (thing.type === this) found.add(thing);
    if (this.isIndexed) this.#index = found;
    return found;
  }

  /** A thing is of the type from now on, or is stored from now on. */
  remember(thing: Thing): void {
    if (this.#index && this.heap.things.get(thing.id) === thing) this.#index.add(thing);
  }

  /** A thing is not of the type any more, or not stored. */
  forget(thing: Thing): void {
    this.#index?.delete(thing);
  }

  /** A thing with every property at its default. */
  create(): Thing {
    const thing = new Thing(this.heap);
    thing.assume(this, [], []);
    for (const field of this.fields) thing.values.push(field.own(field.defaultValue(), thing));
    return thing;
  }

  /** Runs `action` while the type is marked as in use. */
  using<T>(action: () => T): T {
    this.uses += 1;
    try {
      return action();
    } finally {
      this.uses -= 1;
    }
  }
}
