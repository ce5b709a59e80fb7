import { cost, spendMemory } from '../../model/budget.js';
import { lookupError, numArgumentsError, operationError, see, typeError } from '../../model/errors.js';
import { List } from '../../model/values/list.js';
import { isTrue } from '../../model/values/truth.js';
import { typeName, type Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { compare, isEqual } from '../../runtime/operations/equality.js';
import { checkedInt } from '../../runtime/operations/operators.js';
import type { Query } from '../../runtime/query.js';

function onList(
  name: string,
  count: (args: Args, page: string) => void,
  body: (query: Query, args: Args, self: List, page: string) => Value,
): BuiltIn {
  const page = `data-types/list/${name}`;
  return {
    name,
    effects: effects.none,
    chain: {
      list: (query, args, self) => {
        count(args, page);
        return body(query, args, self, page);
      },
    },
  };
}

const none = (args: Args, page: string): void => args.exactly(0, page);
const one = (args: Args, page: string): void => args.exactly(1, page);
const maybeOne = (args: Args, page: string): void => args.atMost(1, page);

const first = onList('first', maybeOne, (query, args, self) => {
  if (self.items.length) return self.items[0] as Value;
  if (args.count) return args.value(query, 0);
  throw lookupError('no first item in an empty list');
});

const last = onList('last', maybeOne, (query, args, self) => {
  if (self.items.length) return self.items.at(-1) as Value;
  if (args.count) return args.value(query, 0);
  throw lookupError('no last item in an empty list');
});

const indexOf = onList('index_of', one, (query, args, self) => {
  const wanted = args.value(query, 0);
  query.step(self.items.length);
  const at = self.items.findIndex((item) => isEqual(item, wanted));
  return at < 0 ? null : BigInt(at);
});

const count = onList('count', one, (query, args, self) => {
  const wanted = args.value(query, 0);
  if (typeof wanted === 'object' && wanted?.kind === 'closure') {
    return BigInt(self.items.filter((item, at) => isTrue(query.call2(wanted, item, BigInt(at)))).length);
  }
  query.step(self.items.length);
  return BigInt(self.items.filter((item) => isEqual(item, wanted)).length);
});

const flat = onList('flat', maybeOne, (query, args, self, page) => {
  const depth = args.count ? Number(args.int(query, 0, page)) : 1;
  const items: Value[] = [];
  const add = (item: Value, left: number): void => {
    query.step();
    spendMemory(cost.slot);
    if (left > 0 && typeof item === 'object' && item?.kind === 'list') {
      for (const inner of item.items) add(inner, left - 1);
    } else items.push(item);
  };
  for (const item of self.items) add(item, depth);
  return new List(items);
});

const reverse = onList('reverse', none, (_query, _args, self) => new List(self.items.slice().reverse()));

/** The items without repeats. Plain ones are looked up by value, the others one by one. */
function distinct(query: Query, items: readonly Value[]): Value[] {
  const kept: Value[] = [];
  for (const item of items) {
    query.step(kept.length);
    if (!kept.some((known) => isEqual(known, item))) kept.push(item);
  }
  return kept;
}

const unique = onList('unique', none, (query, _args, self) => new List(distinct(query, self.items)));

const isUnique = onList(
  'is_unique',
  none,
  (query, _args, self) => distinct(query, self.items).length === self.items.length,
);

function extreme(name: 'max' | 'min', sign: number): BuiltIn {
  return onList(name, none, (query, _args, self, page) => {
    query.step(self.items.length);
    if (!self.items.length) throw lookupError(`${name}() on empty list${see(page)}`);
    // From the last one on, as a node does: that is what an error names. One that is alone is compared with nothing.
    return self.items
      .slice(0, -1)
      .reduce((best, item) => (compare(item, best) * sign > 0 ? item : best), self.items.at(-1) ?? null);
  });
}

const sum = onList('sum', maybeOne, (query, args, self, page) => {
  const closure = args.count ? args.closure(query, 0, page) : null;
  let total: bigint | number = 0n;
  if (!closure) query.step(self.items.length);
  for (const item of self.items) {
    const value = closure ? query.call1(closure, item) : item;
    const number = typeof value === 'boolean' ? (value ? 1n : 0n) : value;
    if (typeof number === 'bigint' && typeof total === 'bigint') total = checkedInt(total + number);
    else if (typeof number === 'bigint' || typeof number === 'number') total = Number(total) + Number(number);
    else throw typeError(`\`-/+\` not supported by type \`${typeName(value)}\``);
  }
  return total;
});

const sort = onList(
  'sort',
  (args, page) => args.atMost(2, page),
  (query, args, self, page) => {
    requireNotSorting();
    const items = self.items.slice();
    if (items.length < 2) return new List(items);
    if (args.count === 0) return new List(sorted(query, items, compare));
    const by = args.value(query, 0);
    if (args.count === 1 && typeof by === 'boolean') {
      return new List(sorted(query, items, by ? (a, b) => compare(b, a) : compare));
    }
    if (typeof by !== 'object' || by?.kind !== 'closure') throw args.expected(0, '`closure`', by, page);
    const { length } = by.parameters;
    if (length !== 1 && length !== 2) {
      throw numArgumentsError(
        `function \`sort\` requires a closure which accepts 1 or 2 arguments${see(page)}`,
      );
    }
    let isReversed = false;
    if (args.count === 2) {
      isReversed = args.kind(query, 1, 'bool', page);
      if (length === 2) {
        throw numArgumentsError(
          'cannot specify an order with a closure which takes two arguments; in this case the order should be ' +
            `specified within the closure${see(page)}`,
        );
      }
    }
    if (length === 1) {
      const keyed = whileSorting(() => items.map((item) => ({ item, key: query.call1(by, item) })));
      const inOrder = sorted(query, keyed, (a, b) =>
        isReversed ? compare(b.key, a.key) : compare(a.key, b.key),
      );
      return new List(inOrder.map(({ item }) => item));
    }
    const order = (a: Value, b: Value): number => {
      const result = query.call2(by, a, b);
      if (typeof result === 'bigint') return result < 0n ? -1 : result > 0n ? 1 : 0;
      throw typeError(
        `expecting a return value of type \`int\` but got type \`${typeName(result)}\` instead${see(page)}`,
      );
    };
    return new List(sorted(query, items, order));
  },
);

/** Halves, sorts and merges, left before right. So an error names the two values in the order of the real server. */
function mergeSort<T>(items: T[], order: (a: T, b: T) => number): T[] {
  if (items.length < 2) return items;
  const middle = items.length >> 1;
  const left = mergeSort(items.slice(0, middle), order);
  const right = mergeSort(items.slice(middle), order);
  const merged: T[] = [];
  let at = 0;
  let from = 0;
  while (at < left.length && from < right.length) {
    if (order(left[at] as T, right[from] as T) <= 0) merged.push(left[at++] as T);
    else merged.push(right[from++] as T);
  }
  return [...merged, ...left.slice(at), ...right.slice(from)];
}

let isSorting = false;

/** Sorting inside sorting is refused, as in ThingsDB. */
function sorted<T>(query: Query, items: T[], order: (a: T, b: T) => number): T[] {
  const rounds = Math.ceil(Math.log2(items.length + 1));
  query.step(items.length * rounds);
  spendMemory(items.length * cost.slot);
  return whileSorting(() => mergeSort(items, order));
}

function requireNotSorting(): void {
  if (!isSorting) return;
  throw operationError(`function \`sort\` cannot be used recursively${see('data-types/list/sort')}`);
}

function whileSorting<T>(action: () => T): T {
  requireNotSorting();
  isSorting = true;
  try {
    return action();
  } finally {
    isSorting = false;
  }
}

export const listQueryFunctions: readonly BuiltIn[] = [
  first,
  last,
  indexOf,
  count,
  flat,
  reverse,
  unique,
  isUnique,
  extreme('max', 1),
  extreme('min', -1),
  sum,
  sort,
];
