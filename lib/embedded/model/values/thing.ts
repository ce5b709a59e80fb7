import { cost, spendMemory, spendScan } from '../budget.js';
import { isValidName } from '../text.js';
import type { Heap } from './heap.js';
import type { Restriction } from './restriction.js';
import type { ThingType } from './thing-type.js';
import type { Value } from './value.js';

/** From this many properties on a thing is looked up by hash instead of one by one. */
const INDEX_FROM = 8;

/**
 * A thing: properties by name, with or without a type.
 *
 * The order is ThingsDB's. While all keys are valid names it is that of insertion. The last key takes the place of one
 * that is deleted. Once a key is not a valid name it is sorted by bytes ("dict").
 */
export class Thing {
  readonly kind = 'thing';
  /** 0 while nothing stored refers to it. */
  id = 0n;
  /** References from stored values. */
  refs = 0;
  isInUse = false;
  type: ThingType | null = null;
  /** What `restrict` or a definition like `thing<int>` allows as values. */
  restriction: Restriction | null = null;
  /** Sorted. It stays so when it is empty again, and so do its copies. */
  isDict = false;
  /** Its keys are texts, as those of JSON are, and no names. A type finds none of its properties by them. */
  hasTextKeys = false;
  keys: string[] = [];
  values: Value[] = [];
  #index: Map<string, number> | null = null;
  #isSorted = true;

  constructor(readonly heap: Heap | null) {
    spendMemory(cost.thing);
  }

  get typeName(): string {
    return this.type ? this.type.name : 'thing';
  }

  get size(): number {
    return this.values.length;
  }

  /** Position of a property, or -1. */
  position(key: string): number {
    if (this.type) return this.type.position(key);
    if (this.#index) return this.#index.get(key) ?? -1;
    return this.keys.indexOf(key);
  }

  get(key: string): Value | undefined {
    const at = this.position(key);
    return at < 0 ? undefined : this.values[at];
  }

  /** A property, which may be nil, or else a method of its type. */
  find(key: string): Value | undefined {
    const value = this.get(key);
    return value === undefined ? this.type?.methods.get(key) : value;
  }

  /** Adds a property that is not there yet. */
  add(key: string, value: Value): void {
    if (!this.isDict && !isValidName(key)) this.isDict = true;
    this.#isSorted = false;
    spendMemory(cost.item);
    spendScan(key.length);
    this.keys.push(key);
    this.values.push(value);
    if (this.#index) this.#index.set(key, this.keys.length - 1);
    else if (this.keys.length >= INDEX_FROM) this.#index = new Map(this.keys.map((name, at) => [name, at]));
  }

  /** Removes the property at a position; the last one takes its place. */
  removeAt(at: number): void {
    const key = this.keys[at] as string;
    const lastKey = this.keys.pop() as string;
    const lastValue = this.values.pop() as Value;
    this.#index?.delete(key);
    if (at === this.keys.length) return;
    this.keys[at] = lastKey;
    this.values[at] = lastValue;
    this.#index?.set(lastKey, at);
    this.#isSorted = false;
  }

  clear(): void {
    this.keys = [];
    this.values = [];
    this.#index = null;
  }

  /** Names and values in ThingsDB's order. Walk by position; do not keep. */
  ordered(): { readonly keys: readonly string[]; readonly values: readonly Value[] } {
    if (this.isDict && !this.#isSorted) this.#sort();
    return this.type ? { keys: this.type.names, values: this.values } : this;
  }

  /** Takes over keys and values, as `to_type` and its reverse do. */
  assume(type: ThingType | null, keys: string[], values: Value[]): void {
    this.type?.forget(this);
    this.type = type;
    type?.remember(this);
    this.clear();
    this.isDict = false;
    this.hasTextKeys = false;
    this.restriction = null;
    if (type) this.values = values;
    else keys.forEach((key, at) => this.add(key, values[at] as Value));
  }

  #sort(): void {
    const order = this.keys.map((key, at) => ({ key, value: this.values[at] as Value }));
    order.sort((a, b) => (a.key < b.key ? -1 : 1));
    this.keys = order.map(({ key }) => key);
    this.values = order.map(({ value }) => value);
    this.#index = new Map(this.keys.map((name, at) => [name, at]));
    this.#isSorted = true;
  }
}
