import { notFound, numArgumentsError, see, typeError } from '../../model/errors.js';
import { List } from '../../model/values/list.js';
import type { Thing } from '../../model/values/thing.js';
import { typeName, type Value } from '../../model/values/value.js';
import { WrappedAnonymous } from '../../model/values/wrapped-anonymous.js';
import { Wrapped } from '../../model/values/wrapped.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { instanceFrom } from '../../runtime/operations/instance.js';
import type { Query } from '../../runtime/query.js';
import { anonymousType } from '../../runtime/types/anonymous.js';

/** How `wrap` and `map_wrap` wrap: by the argument, or by a thing's own type. */
function wrapper(query: Query, args: Args, page: string): ((thing: Thing) => Value) | null {
  if (!args.count) return null;
  const by = args.value(query, 0);
  if (typeof by === 'object' && by?.kind === 'ano') return (thing) => new WrappedAnonymous(by, thing);
  if (typeof by !== 'string') throw args.expected(0, '`str` or `<anonymous>`', by, page);
  const type = query.collection?.types.get(by);
  if (!type) throw notFound('type', by);
  return (thing) => new Wrapped(type, thing);
}

const wrap: BuiltIn = {
  name: 'wrap',
  effects: effects.none,
  chain: {
    thing: (query, args, self) => {
      const page = 'data-types/thing/wrap';
      args.atMost(1, page);
      const by = wrapper(query, args, page);
      if (by) return by(self);
      if (self.type) return new Wrapped(self.type, self);
      throw numArgumentsError(
        `using \`wrap\` on a non-typed \`thing\` requires 1 argument but 0 were given${see(page)}`,
      );
    },
  },
};

function mapWrapItems(query: Query, args: Args, items: readonly Value[], kind: 'list' | 'set'): List {
  const page = `data-types/${kind}/map_wrap`;
  args.atMost(1, page);
  const by = wrapper(query, args, page);
  return new List(
    items.map((item) => {
      if (typeof item !== 'object' || item?.kind !== 'thing') {
        throw typeError(
          'function `map_wrap` requires a list with items of type `thing` but found an item of type ' +
            `\`${typeName(item)}\` instead${see('data-types/list/map_wrap')}`,
        );
      }
      if (by) return by(item);
      if (item.type) return new Wrapped(item.type, item);
      throw typeError(
        `function \`map_wrap\` on a ${kind} with a non-typed \`thing\` requires 1 argument but 0 were given` +
          see(page),
      );
    }),
  );
}

const mapWrap: BuiltIn = {
  name: 'map_wrap',
  effects: effects.none,
  chain: {
    list: (query, args, self) => mapWrapItems(query, args, self.items, 'list'),
    set: (query, args, self) => mapWrapItems(query, args, [...self.things], 'set'),
  },
};

const mapType: BuiltIn = {
  name: 'map_type',
  effects: effects.none,
  chain: {
    list: (query, args, self) => {
      const page = 'data-types/list/map_type';
      args.exactly(1, page);
      const name = args.string(query, 0, page);
      const type = query.collection?.types.get(name);
      if (!type) throw notFound('type', name);
      return new List(
        self.items.map((item) => {
          if (typeof item === 'bigint') {
            const thing = query.thingById(item);
            if (thing.type === type) return thing;
            throw typeError(`\`#${thing.id}\` is of type \`${typeName(thing)}\`, not \`${name}\``);
          }
          if (typeof item === 'object' && item?.kind === 'thing') {
            type.requireInstances();
            return item.type === type ? item : instanceFrom(type, item);
          }
          throw typeError(`function \`map_type\` cannot convert type \`${typeName(item)}\` to \`${name}\``);
        }),
      );
    },
  },
};

const unwrap: BuiltIn = {
  name: 'unwrap',
  effects: effects.none,
  chain: {
    wrap: (_query, args, self) => {
      args.exactly(0, 'data-types/wtype/unwrap');
      return self.thing;
    },
    wano: (_query, args, self) => {
      args.exactly(0, 'data-types/wtype/unwrap');
      return self.thing;
    },
  },
};

const ano: BuiltIn = {
  name: 'ano',
  effects: effects.none,
  root: (query, args) => {
    const collection = query.requireCollection('ano');
    args.exactly(1, 'collection-api/ano');
    return anonymousType(query.database, collection, args.thing(query, 0, 'collection-api/ano'));
  },
};

export const wrapFunctions: readonly BuiltIn[] = [wrap, mapWrap, mapType, unwrap, ano];
