import {
  errorCode,
  lookupError,
  numArgumentsError,
  see,
  typeError,
  UncaughtError,
} from '../../model/errors.js';
import type { EnumMember } from '../../model/values/enum-member.js';
import { List } from '../../model/values/list.js';
import { addToSet, removeFromSet } from '../../model/values/relation.js';
import { ThingSet } from '../../model/values/thing-set.js';
import type { Thing } from '../../model/values/thing.js';
import { isTrue } from '../../model/values/truth.js';
import { kindOf, typeName, type Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, type ChainFunction, effects } from '../../runtime/built-in.js';
import { callMethod } from '../../runtime/compiler/chain-compiler.js';
import { isEqual } from '../../runtime/operations/equality.js';
import { whileLocked } from '../../runtime/operations/updates.js';
import type { Query } from '../../runtime/query.js';
import { clearList, removeFromList } from '../lists/changes.js';
import { deleteTaskOf } from '../tasks/tasks.js';
import { replaceString } from '../text/strings.js';
import { dateTimeReplace } from '../times/date-time-replace.js';
import { clearThing, deleteFromThing, removeFromThing, setOnThing } from './things.js';

/** Functions of one name that several kinds of values have. */

function sized<T>(page: string, size: (self: T) => number): (query: Query, args: Args, self: T) => Value {
  return (_query, args, self) => {
    args.exactly(0, page);
    return BigInt(size(self));
  };
}

const len: BuiltIn = {
  name: 'len',
  effects: effects.none,
  chain: {
    str: sized('data-types/str/len', (self: string) => self.length),
    bytes: sized('data-types/bytes/len', (self: { data: string }) => self.data.length),
    mpdata: sized('data-types/mpdata/len', (self: { data: string }) => self.data.length),
    list: sized('data-types/list/len', (self: List) => self.items.length),
    set: sized('data-types/set/len', (self: ThingSet) => self.things.size),
    thing: sized('data-types/thing/len', (self: Thing) => self.size),
    member: lengthOfMember,
  },
};

/** A member of an enumeration has the length of its value. */
function lengthOfMember(query: Query, args: Args, self: EnumMember): Value {
  const { value } = self;
  const lengthOf = len.chain?.[kindOf(value)] as ChainFunction<Value> | undefined;
  return lengthOf ? lengthOf(query, args, value) : callMethod(query, self, 'len', args);
}

const has: BuiltIn = {
  name: 'has',
  effects: effects.none,
  chain: {
    thing: (query, args, self) => {
      args.exactly(1, 'data-types/thing/has');
      const key = args.string(query, 0, 'data-types/thing/has');
      return self.position(key) >= 0 || (self.type?.methods.has(key) ?? false);
    },
    set: (query, args, self) => {
      args.exactly(1, 'data-types/set/has');
      return self.things.has(args.thing(query, 0, 'data-types/set/has'));
    },
    list: (query, args, self) => {
      args.exactly(1, 'data-types/list/has');
      const wanted = args.value(query, 0);
      query.step(self.items.length);
      return self.items.some((item) => isEqual(item, wanted));
    },
  },
};

const del: BuiltIn = {
  name: 'del',
  effects: effects.bothUnlessNse,
  chain: { thing: deleteFromThing, task: deleteTaskOf },
};

const clear: BuiltIn = {
  name: 'clear',
  effects: effects.mutation,
  chain: {
    list: clearList,
    thing: clearThing,
    set: (query, args, self) => {
      args.exactly(0, 'data-types/set/clear');
      query.requireChange('set', self.isStored);
      whileLocked(self, () => {
        for (const thing of [...self.things]) removeFromSet(self, thing);
      });
      return null;
    },
  },
};

const remove: BuiltIn = {
  name: 'remove',
  effects: effects.mutation,
  chain: { list: removeFromList, thing: removeFromThing, set: removeThings },
};

function removeThings(query: Query, args: Args, self: ThingSet): Value {
  const page = 'data-types/set/remove';
  args.atLeast(1, page);
  query.requireChange('set', self.isStored);
  return whileLocked(self, () => {
    const first = args.value(query, 0);
    const removed: Thing[] = [];
    if (typeof first === 'object' && first?.kind === 'closure') {
      if (args.count > 2) {
        throw numArgumentsError(
          `function \`remove\` takes at most 2 arguments when using a \`closure\` but ${args.count} were given` +
            see(page),
        );
      }
      const limit = args.count === 2 ? Number(args.int(query, 1, page)) : Infinity;
      query.requireChangeFor(first);
      for (const thing of [...self.things]) {
        if (limit >= 0 && removed.length >= limit) break;
        if (isTrue(query.call2(first, thing, thing.id || null))) removed.push(thing);
      }
    } else {
      for (let at = 0; at < args.count; at += 1) {
        const value = at === 0 ? first : args.value(query, at);
        if (typeof value !== 'object' || value?.kind !== 'thing') {
          throw args.expected(at, at === 0 ? '`closure` or type `thing`' : '`thing`', value, page);
        }
        if (self.things.has(value) && !removed.includes(value)) removed.push(value);
      }
    }
    for (const thing of removed) removeFromSet(self, thing);
    return new List(removed);
  });
}

function requireMember(set: ThingSet, value: Value): Thing {
  if (typeof value !== 'object' || value?.kind !== 'thing') {
    throw typeError(`cannot add type \`${typeName(value)}\` to a set`);
  }
  const nested = set.field?.nested;
  if (nested && !nested.allows(value)) {
    throw typeError(`type \`${typeName(value)}\` is not allowed in restricted set`);
  }
  return value;
}

const add: BuiltIn = {
  name: 'add',
  effects: effects.mutationUnlessVariable,
  chain: {
    set: (query, args, self) => {
      args.atLeast(1, 'data-types/set/add');
      query.requireChange('set', self.isStored);
      return whileLocked(self, () => {
        let added = 0n;
        for (let at = 0; at < args.count; at += 1) {
          const thing = requireMember(self, args.value(query, at));
          if (addToSet(self, thing)) added += 1n;
        }
        return added;
      });
    },
  },
};

const one: BuiltIn = {
  name: 'one',
  effects: effects.none,
  chain: {
    set: (_query, args, self) => {
      args.exactly(0, 'data-types/set/one');
      for (const thing of self.things) return thing;
      throw lookupError('one from empty set');
    },
  },
};

const set: BuiltIn = {
  name: 'set',
  effects: effects.mutationWhenChained,
  root: (query, args) => {
    const made = new ThingSet();
    for (let at = 0; at < args.count; at += 1) {
      const value = args.value(query, at);
      if (args.count === 1 && typeof value === 'object' && value?.kind === 'set') return value;
      if (args.count === 1 && typeof value === 'object' && value?.kind === 'list') {
        for (const item of value.items) made.things.add(requireMember(made, item));
      } else if (args.count === 1 && (typeof value !== 'object' || value?.kind !== 'thing')) {
        throw new UncaughtError(errorCode.type, `cannot convert type \`${typeName(value)}\` to \`set\``);
      } else {
        made.things.add(requireMember(made, value));
      }
    }
    return made;
  },
  chain: { thing: setOnThing },
};

const replace: BuiltIn = {
  name: 'replace',
  effects: effects.none,
  chain: { str: replaceString, datetime: dateTimeReplace },
};

export const sharedFunctions: readonly BuiltIn[] = [len, has, del, clear, remove, add, one, set, replace];
