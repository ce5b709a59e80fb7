import { lookupError, see } from '../../model/errors.js';
import { listItem } from '../../model/values/assignable.js';
import { List } from '../../model/values/list.js';
import { isTrue } from '../../model/values/truth.js';
import type { Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { isEqual } from '../../runtime/operations/equality.js';
import { replaceItems, requireItem } from '../../runtime/operations/list-changes.js';
import { whileLocked } from '../../runtime/operations/updates.js';
import type { Query } from '../../runtime/query.js';

type Body = (query: Query, args: Args, self: List, page: string) => Value;

/** A function that changes a list. Not a tuple, not while it is walked over, and with a change if it is stored. */
function changing(name: string, count: (args: Args, page: string) => void, body: Body): BuiltIn {
  const page = `data-types/list/${name}`;
  return {
    name,
    effects: effects.mutationUnlessVariable,
    chain: {
      list: (query, args, self) => {
        if (self.isTuple) throw lookupError(`type \`tuple\` has no function \`${name}\``);
        count(args, page);
        query.requireChange('list', self.isStored);
        return whileLocked(self, () => body(query, args, self, page));
      },
    },
  };
}

/** The arguments from `from` on, as items of this list. */
function itemsOf(query: Query, args: Args, from: number, list: List): Value[] {
  const items: Value[] = [];
  for (let at = from; at < args.count; at += 1)
    items.push(listItem(requireItem(list, args.value(query, at))));
  return items;
}

const atLeastOne = (args: Args, page: string): void => args.atLeast(1, page);
const none = (args: Args, page: string): void => args.exactly(0, page);
const one = (args: Args, page: string): void => args.exactly(1, page);

const push = changing('push', atLeastOne, (query, args, self) => {
  replaceItems(self, self.items.length, 0, itemsOf(query, args, 0, self));
  return BigInt(self.items.length);
});

const unshift = changing('unshift', atLeastOne, (query, args, self) => {
  replaceItems(self, 0, 0, itemsOf(query, args, 0, self));
  return BigInt(self.items.length);
});

const pop = changing('pop', none, (_query, _args, self, page) => {
  if (!self.items.length) throw lookupError(`pop from empty list${see(page)}`);
  return replaceItems(self, self.items.length - 1, 1, [])[0] as Value;
});

const shift = changing('shift', none, (_query, _args, self, page) => {
  if (!self.items.length) throw lookupError(`shift from empty list${see(page)}`);
  return replaceItems(self, 0, 1, [])[0] as Value;
});

const splice = changing(
  'splice',
  (args, page) => args.atLeast(2, page),
  (query, args, self, page) => {
    const { length } = self.items;
    let first = args.int(query, 0, page);
    let wanted = args.int(query, 1, page);
    if (first < 0n) first += BigInt(length);
    if (first < 0n) {
      // The sum is one of 64 bits, whatever it becomes.
      wanted = BigInt.asIntN(64, wanted + first);
      first = 0n;
    }
    const start = Math.min(Number(first), length);
    const count = Math.max(0, Math.min(Number(wanted), length - start));
    return new List(replaceItems(self, start, count, itemsOf(query, args, 2, self)));
  },
);

function otherItems(query: Query, args: Args, self: List, page: string): Value[] {
  const other = args.value(query, 0);
  if (typeof other !== 'object' || other?.kind !== 'list') {
    throw args.expected(0, '`list` or type `tuple`', other, page);
  }
  return other.items.map((item) => requireItem(self, item));
}

const extend = changing('extend', one, (query, args, self, page) => {
  replaceItems(self, self.items.length, 0, otherItems(query, args, self, page));
  return BigInt(self.items.length);
});

const extendUnique = changing('extend_unique', one, (query, args, self, page) => {
  for (const item of otherItems(query, args, self, page)) {
    query.step(self.items.length);
    if (self.items.some((known) => isEqual(known, item))) continue;
    replaceItems(self, self.items.length, 0, [item]);
  }
  return BigInt(self.items.length);
});

const fill = changing('fill', one, (query, args, self) => {
  const item = listItem(requireItem(self, args.value(query, 0)));
  replaceItems(
    self,
    0,
    self.items.length,
    self.items.map(() => item),
  );
  return self;
});

/** `list.remove(closure, limit?)`: gives what was removed; a negative limit counts from the end. */
export const removeFromList = (query: Query, args: Args, self: List): Value => {
  const page = 'data-types/list/remove';
  if (self.isTuple) throw lookupError('type `tuple` has no function `remove`');
  args.between(1, 2, page);
  query.requireChange('list', self.isStored);
  return whileLocked(self, () => {
    const closure = args.closure(query, 0, page);
    const limit = args.count === 2 ? Number(args.int(query, 1, page)) : Infinity;
    query.requireChangeFor(closure);
    const { items } = self;
    const found: number[] = [];
    const isBackward = limit < 0;
    for (let step = 0; step < items.length && found.length < Math.abs(limit); step += 1) {
      const at = isBackward ? items.length - 1 - step : step;
      if (isTrue(query.call2(closure, items[at] as Value, BigInt(at)))) found.push(at);
    }
    found.sort((a, b) => a - b);
    const removed = found.map((at) => items[at] as Value);
    if (found.length === items.length) replaceItems(self, 0, items.length, []);
    else for (const at of found.reverse()) replaceItems(self, at, 1, []);
    return new List(removed);
  });
};

/** `list.clear()` */
export const clearList = (query: Query, args: Args, self: List): Value => {
  if (self.isTuple) throw lookupError('type `tuple` has no function `clear`');
  args.exactly(0, 'data-types/list/clear');
  query.requireChange('list', self.isStored);
  whileLocked(self, () => replaceItems(self, 0, self.items.length, []));
  return null;
};

export const listChangeFunctions: readonly BuiltIn[] = [
  push,
  unshift,
  pop,
  shift,
  splice,
  extend,
  extendUnique,
  fill,
];
