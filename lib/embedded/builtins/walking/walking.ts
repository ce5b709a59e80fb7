import { lookupError } from '../../model/errors.js';
import { assignable, listItem } from '../../model/values/assignable.js';
import { List } from '../../model/values/list.js';
import { ThingSet } from '../../model/values/thing-set.js';
import { Thing } from '../../model/values/thing.js';
import { isTrue } from '../../model/values/truth.js';
import { typeName, type Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, type ChainFunction, effects } from '../../runtime/built-in.js';
import { whileInUse } from '../../runtime/operations/iterate.js';
import type { Query } from '../../runtime/query.js';
import { pageOf, setItems, walk, type Walkable, walkWith } from './walk.js';

type Body = (query: Query, args: Args, self: Walkable, page: string) => Value;

/** A function on lists, sets and - unless it is left out - things. */
function walking(
  name: string,
  kinds: readonly ('list' | 'set' | 'thing')[],
  body: Body,
  most = 1,
  effect = effects.none as BuiltIn['effects'],
): BuiltIn {
  const run: ChainFunction<Walkable> = (query, args, self) => {
    const page = pageOf(self, name);
    if (most === 1) args.exactly(1, page);
    else args.between(1, most, page);
    return body(query, args, self, page);
  };
  return { name, effects: effect, chain: Object.fromEntries(kinds.map((kind) => [kind, run])) };
}

const all = ['list', 'set', 'thing'] as const;
const listOrSet = ['list', 'set'] as const;

const each = walking('each', all, (query, args, self, page) => {
  walkWith(query, args, self, page, (closure) => walk(query, self, closure, () => true));
  return null;
});

const map = walking('map', all, (query, args, self, page) => {
  const items: Value[] = [];
  walkWith(query, args, self, page, (closure) =>
    walk(query, self, closure, (result) => {
      items.push(listItem(result));
      return true;
    }),
  );
  return new List(items);
});

const filter = walking('filter', all, (query, args, self, page) =>
  walkWith(query, args, self, page, (closure) => {
    if (self.kind === 'thing') {
      const kept = new Thing(query.collection);
      const { keys } = self.ordered();
      walk(query, self, closure, (result, value, at) => {
        if (isTrue(result)) kept.add(keys[at] as string, assignable(value, kept, null));
        return true;
      });
      return kept;
    }
    const kept: Value[] = [];
    walk(query, self, closure, (result, item) => {
      if (isTrue(result)) kept.push(item);
      return true;
    });
    return self.kind === 'set' ? new ThingSet(new Set(kept as Thing[])) : new List(kept);
  }),
);

const find = walking(
  'find',
  listOrSet,
  (query, args, self, page) =>
    whileInUse(self, () => {
      const closure = args.closure(query, 0, page);
      let found: Value | undefined;
      walk(query, self, closure, (result, item) => {
        if (!isTrue(result)) return true;
        found = item;
        return false;
      });
      if (found !== undefined) return found;
      return args.count === 2 ? args.value(query, 1) : null;
    }),
  2,
  effects.mayReturnStored,
);

const findIndex = walking('find_index', ['list'], (query, args, self, page) =>
  walkWith(query, args, self, page, (closure) => {
    let index: bigint | null = null;
    walk(query, self, closure, (result, _item, at) => {
      if (!isTrue(result)) return true;
      index = BigInt(at);
      return false;
    });
    return index;
  }),
);

const some = walking('some', listOrSet, (query, args, self, page) =>
  walkWith(query, args, self, page, (closure) => {
    let found = false;
    walk(query, self, closure, (result) => {
      found = isTrue(result);
      return !found;
    });
    return found;
  }),
);

const every = walking('every', listOrSet, (query, args, self, page) =>
  walkWith(query, args, self, page, (closure) => {
    let holds = true;
    walk(query, self, closure, (result) => {
      holds = isTrue(result);
      return holds;
    });
    return holds;
  }),
);

const reduce = walking(
  'reduce',
  listOrSet,
  (query, args, self, page) =>
    walkWith(query, args, self, page, (closure) => {
      query.requireChangeFor(closure);
      const items: readonly Value[] = self.kind === 'set' ? setItems(self) : (self as List).items;
      let from = 0;
      let total: Value;
      if (args.count === 2) {
        total = args.value(query, 1);
      } else {
        if (!items.length) throw lookupError(`reduce on empty ${self.kind} with no initial value set`);
        total = items[0] as Value;
        from = 1;
      }
      for (let at = from; at < items.length; at += 1) {
        const third = self.kind === 'set' ? (items[at] as Thing).id || null : at;
        total = query.call(closure, [total, items[at] as Value, third === null ? null : BigInt(third)]);
      }
      return total;
    }),
  2,
  effects.mayReturnStored,
);

const vmap: BuiltIn = {
  name: 'vmap',
  effects: effects.none,
  chain: {
    thing: (query, args, self) => {
      const page = 'data-types/thing/vmap';
      args.exactly(1, page);
      return walkWith(query, args, self, page, (closure) => {
        const result = new Thing(query.collection);
        const { keys, values } = self.ordered();
        keys.forEach((key, at) => {
          result.add(key, assignable(query.call1(closure, values[at] as Value), result, null));
        });
        return result;
      });
    },
  },
};

const mapId: BuiltIn = {
  name: 'map_id',
  effects: effects.none,
  chain: {
    list: (_query, args, self) => {
      args.exactly(0, 'data-types/list/map_id');
      return new List(self.items.map(idOf));
    },
    set: (_query, args, self) => {
      args.exactly(0, 'data-types/set/map_id');
      return new List(setItems(self).map(idOf));
    },
  },
};

function idOf(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    if (value.kind === 'thing' || value.kind === 'room' || value.kind === 'task') {
      return value.id ? value.id : null;
    }
    if (value.kind === 'wrap' || value.kind === 'wano') return value.thing.id ? value.thing.id : null;
  }
  throw lookupError(`type \`${typeName(value)}\` has no function \`id\``);
}

const id: BuiltIn = {
  name: 'id',
  effects: effects.none,
  chain: Object.fromEntries(
    (['thing', 'room', 'task', 'wrap', 'wano'] as const).map((kind) => [
      kind,
      (_query: Query, args: Args, self: Value) => {
        args.exactly(0, `data-types/${kind === 'wrap' || kind === 'wano' ? 'wtype' : kind}/id`);
        return idOf(self);
      },
    ]),
  ),
};

export const walkingFunctions: readonly BuiltIn[] = [
  each,
  map,
  filter,
  find,
  findIndex,
  some,
  every,
  reduce,
  vmap,
  mapId,
  id,
];
