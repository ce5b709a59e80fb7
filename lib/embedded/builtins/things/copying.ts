import { ResultTooLargeError, valueError } from '../../model/errors.js';
import { assignable, listItem } from '../../model/values/assignable.js';
import type { Field } from '../../model/values/field.js';
import { List } from '../../model/values/list.js';
import { Room } from '../../model/values/room.js';
import { ThingSet } from '../../model/values/thing-set.js';
import { Thing } from '../../model/values/thing.js';
import type { Value } from '../../model/values/value.js';
import { WrappedAnonymous } from '../../model/values/wrapped-anonymous.js';
import { Wrapped } from '../../model/values/wrapped.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { readDeep } from '../../runtime/compiler/compiler.js';
import type { Query } from '../../runtime/query.js';
import { toWire } from '../../runtime/wire/to-wire.js';
import { readerOf, unpack } from '../../runtime/wire/unpack.js';

/** Bytes of a copied wrap. */
const MAX_WRAP_COPY = 0x4000;

/** `copy` makes plain things, `dup` keeps their types; both go `deep` levels down. */
function copyThing(source: Thing, deep: number, keepsType: boolean, made: Map<Thing, Thing>): Thing {
  const known = made.get(source);
  if (known) return known;
  const copy = new Thing(source.heap);
  made.set(source, copy);
  const { type } = source;
  const { keys: names, values: items } = source.ordered();
  if (type && keepsType) {
    copy.assume(type, [], []);
    items.forEach((value, at) =>
      copy.values.push((type.fields[at] as Field).own(copyInside(value, copy, deep - 1, true, made), copy)),
    );
    return copy;
  }
  if (keepsType) copy.restriction = source.restriction;
  copy.isDict = source.isDict;
  copy.hasTextKeys = source.hasTextKeys;
  names.forEach((name, at) =>
    copy.add(name, copyInside(items[at] as Value, copy, deep - 1, keepsType, made)),
  );
  return copy;
}

function copyInside(
  value: Value,
  parent: Thing,
  deep: number,
  keepsType: boolean,
  made: Map<Thing, Thing>,
): Value {
  if (deep <= 0 || typeof value !== 'object' || value === null) return assignable(value, parent, null);
  switch (value.kind) {
    case 'thing':
      return copyThing(value, deep, keepsType, made);
    case 'list':
      return assignable(
        new List(value.items.map((item) => listItem(copyInside(item, parent, deep, keepsType, made)))),
        parent,
        null,
      );
    case 'set':
      return assignable(
        new ThingSet(new Set([...value.things].map((item) => copyThing(item, deep, keepsType, made)))),
        parent,
        null,
      );
    case 'wrap':
      return new Wrapped(value.type, copyThing(value.thing, deep, keepsType, made));
    case 'wano':
      return new WrappedAnonymous(value.ano, copyThing(value.thing, deep, keepsType, made));
    case 'room':
      return new Room(value.heap);
    default:
      return assignable(value, parent, null);
  }
}

function copying(name: 'copy' | 'dup'): BuiltIn {
  const keepsType = name === 'dup';
  const deepOf = (query: Query, args: Args, page: string, standard: number): number => {
    args.atMost(1, page);
    return args.count ? readDeep(args.value(query, 0)) : standard;
  };
  return {
    name,
    effects: effects.none,
    chain: {
      thing: (query, args, self) => {
        const deep = deepOf(query, args, `data-types/thing/${name}`, 1);
        return deep === 0 ? self : copyThing(self, deep, keepsType, new Map());
      },
      list: (query, args, self) => {
        const deep = deepOf(query, args, `data-types/list/${name}`, 0);
        const holder = new Thing(query.collection);
        const copy = new List(self.items.map((item) => copyInside(item, holder, deep, keepsType, new Map())));
        copy.items.forEach((item, at) => {
          copy.items[at] = listItem(item);
        });
        return copy;
      },
      set: (query, args, self) => {
        const deep = deepOf(query, args, `data-types/set/${name}`, 0);
        const made = new Map<Thing, Thing>();
        const things = [...self.things].map((item) => (deep ? copyThing(item, deep, keepsType, made) : item));
        return new ThingSet(new Set(things));
      },
      wrap: (query, args, self) => {
        const deep = deepOf(query, args, `data-types/wtype/${name}`, 1);
        if (keepsType) return new Wrapped(self.type, copyThing(self.thing, deep, true, new Map()));
        return asShown(query, self, deep);
      },
      wano: (query, args, self) => {
        const deep = deepOf(query, args, `data-types/wtype/${name}`, 1);
        if (keepsType) return new WrappedAnonymous(self.ano, copyThing(self.thing, deep, true, new Map()));
        return asShown(query, self, deep);
      },
    },
  };
}

/** What a client would get of a wrap, as things: what methods compute is in it, ids are not. */
function asShown(query: Query, self: Wrapped | WrappedAnonymous, deep: number): Value {
  try {
    return unpack(readerOf(toWire(self, { deep, withoutIds: true, sizeLimit: MAX_WRAP_COPY, query })), query);
  } catch (thrown) {
    if (!(thrown instanceof ResultTooLargeError)) throw thrown;
    throw valueError('wrap copy() result too large');
  }
}

export const copyFunctions: readonly BuiltIn[] = [copying('copy'), copying('dup')];
