import { see, typeError, valueError } from '../../model/errors.js';
import { List } from '../../model/values/list.js';
import { Thing } from '../../model/values/thing.js';
import { typeName, type Value } from '../../model/values/value.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { readDeep } from '../../runtime/compiler/compiler.js';
import type { Query } from '../../runtime/query.js';

const PAGE = 'data-types/thing/search';
const MAX_LIMIT = 255n;

/** `thing.search(needle, {deep, limit})`: where a thing is referred to. */
export const search: BuiltIn = {
  name: 'search',
  effects: effects.none,
  chain: {
    thing: (query, args, self) => {
      args.between(1, 2, PAGE);
      const needle = args.thing(query, 0, PAGE);
      const options = args.count === 2 ? readOptions(args.thing(query, 1, PAGE)) : { deep: 1, limit: 1 };
      const searcher = new Searcher(query, needle, options.limit);
      if (options.deep && options.limit) searcher.inside(self, options.deep);
      return new List(searcher.found);
    },
  },
};

function readOptions(given: Thing): { deep: number; limit: number } {
  const options = { deep: 1, limit: 1 };
  const { keys, values } = given.ordered();
  keys.forEach((key, at) => {
    const value = values[at] ?? null;
    if (key === 'deep') options.deep = readDeep(value);
    else if (key === 'limit') options.limit = readLimit(value);
    else throw valueError(`invalid search option \`${key}\`${see(PAGE)}`);
  });
  return options;
}

function readLimit(value: Value): number {
  if (typeof value !== 'bigint') {
    throw typeError(
      `expecting \`limit\` to be of type \`int\` but got type \`${typeName(value)}\` instead${see(PAGE)}`,
    );
  }
  if (value >= 0n && value <= MAX_LIMIT) return Number(value);
  throw valueError(`expecting a \`limit\` value between 0 and ${MAX_LIMIT} but got ${value} instead`);
}

/** Walks over properties and what is in them; a thing that is being walked over is not walked over again. */
class Searcher {
  readonly found: Thing[] = [];
  readonly #query: Query;
  readonly #needle: Thing;
  readonly #limit: number;
  readonly #open = new Set<Thing>();

  constructor(query: Query, needle: Thing, limit: number) {
    this.#query = query;
    this.#needle = needle;
    this.#limit = limit;
  }

  get #isDone(): boolean {
    return this.found.length >= this.#limit;
  }

  inside(parent: Thing, deep: number): void {
    const { keys, values } = parent.ordered();
    this.#query.step(keys.length);
    for (let at = 0; at < keys.length && !this.#isDone; at += 1) {
      const value = values[at] ?? null;
      this.#value({ parent, key: keys[at] ?? '', root: value }, value, deep);
    }
  }

  #value(place: Place, value: Value, deep: number): void {
    if (typeof value !== 'object' || value === null || this.#isDone) return;
    switch (value.kind) {
      case 'thing':
        return this.#thing(place, value, deep);
      case 'wrap':
      case 'wano':
        return this.#thing(place, value.thing, deep);
      case 'member':
        return this.#value(place, value.value, deep);
      case 'list':
        for (const item of value.items) this.#value({ ...place, root: value }, item, deep);
        return;
      case 'set':
        for (const thing of value.things) this.#thing(place, thing, deep);
        return;
      default:
    }
  }

  #thing(place: Place, thing: Thing, deep: number): void {
    this.#query.step();
    if (this.#open.has(thing) || this.#isDone) return;
    if (thing === this.#needle) this.found.push(describe(place));
    if (deep === 1) return;
    this.#open.add(thing);
    this.inside(thing, deep - 1);
    this.#open.delete(thing);
  }
}

/** The property in which something was found, and what it holds. */
interface Place {
  readonly parent: Thing;
  readonly key: string;
  readonly root: Value;
}

function describe({ parent, key, root }: Place): Thing {
  const thing = new Thing(parent.heap);
  thing.add('parent', parent);
  thing.add('parent_type', typeName(parent));
  thing.add('key', key);
  thing.add('key_type', typeName(root));
  return thing;
}
