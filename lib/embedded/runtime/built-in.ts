import type { Effects } from '../language/side-effects.js';
import type { Kind, KindMap, Value } from '../model/values/value.js';
import type { Args } from './args.js';
import type { Query } from './query.js';

/** `name(...)` */
export type RootFunction = (query: Query, args: Args) => Value;

/** `value.name(...)` */
export type ChainFunction<T> = (query: Query, args: Args, self: T) => Value;

/** A function of the language. Arguments are not evaluated before the function asks for them. */
export interface BuiltIn {
  readonly name: string;
  /** Under this name it is looked up on kinds of values that do not have it. The real server mixes up a few. */
  readonly calledAs?: string;
  /** Decides whether a query that names the function needs a change; one of {@link effects}. */
  readonly effects: Effects;
  /** Absent when it can only be called on a value. */
  readonly root?: RootFunction;
  /** What it does on each kind of value; on others it is looked up as a property or method. */
  readonly chain?: { readonly [K in Kind]?: ChainFunction<KindMap[K]> };
}

/** The kinds of effects that ThingsDB knows. */
export const effects = {
  /** Changes nothing. */
  none: {},
  /** Changes nothing, and may give a stored list or set. */
  mayReturnStored: { mayReturnStored: true },
  /** Changes the `@thingsdb` scope or the collection. */
  both: { thingsdb: true, collection: true },
  /** As `both`, and may give a stored list or set. */
  bothMayReturnStored: { thingsdb: true, collection: true, mayReturnStored: true },
  /** As `both`, unless after `nse()`. */
  bothUnlessNse: { thingsdb: true, collection: true, notAfterNse: true },
  /** Changes the `@thingsdb` scope. */
  thingsdb: { thingsdb: true },
  /** Changes the collection. */
  collection: { collection: true },
  /** Changes the value it is called on, stored or not: `thing.clear()`. */
  mutation: { collection: true, notAfterNse: true },
  /** Changes the value it is called on, which cannot be stored when it is a variable: `list.push()`. */
  mutationUnlessVariable: { collection: true, notAfterNse: true, notOnVariable: true },
  /** Changes something only when called on a value: `thing.set(...)` and `set(...)`. */
  mutationWhenChained: { collection: true, notAfterNse: true, onlyChained: true },
  /** Runs its first argument later. */
  future: { runsLater: true },
  futureMayReturnStored: { runsLater: true, mayReturnStored: true },
  nse: { switchesOff: true, mayReturnStored: true },
} satisfies Record<string, Effects>;
