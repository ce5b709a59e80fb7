import { randomInt } from 'node:crypto';
import { lookupError, operationError, overflowError, see, valueError } from '../../model/errors.js';
import { isAscii } from '../../model/text.js';
import { List } from '../../model/values/list.js';
import type { Value } from '../../model/values/value.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const MAX_LENGTH = 1024n;
const MAX_RANGE = 100000n;
/** Where a node's arithmetic ends. */
const MOST_RANGE = 2n ** 63n;

const rand: BuiltIn = {
  name: 'rand',
  effects: effects.none,
  root: (_query, args) => {
    args.exactly(0, 'collection-api/rand');
    return Math.random();
  },
};

const randint: BuiltIn = {
  name: 'randint',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/randint';
    args.exactly(2, page);
    const from = args.int(query, 0, page);
    const to = args.int(query, 1, page);
    if (to <= from) throw valueError(`function \`randint\` does not accept an empty range${see(page)}`);
    const size = to - from;
    if (size > MOST_RANGE) throw overflowError();
    const wide = (BigInt(randomInt(2 ** 40)) << 40n) | BigInt(randomInt(2 ** 40));
    return from + (wide % size);
  },
};

const randstr: BuiltIn = {
  name: 'randstr',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/randstr';
    args.between(1, 2, page);
    const length = args.int(query, 0, page);
    if (length < 0n || length > MAX_LENGTH) {
      throw valueError(`function \`randstr\` requires a length between 0 and ${MAX_LENGTH}${see(page)}`);
    }
    const from = args.count === 2 ? args.string(query, 1, page) : LETTERS;
    const needs = 'function `randstr` requires a character set with';
    if (!from) throw valueError(`${needs} at least one valid ASCII character${see(page)}`);
    if (!isAscii(from)) throw valueError(`${needs} ASCII characters only${see(page)}`);
    return Array.from({ length: Number(length) }, () => from[randomInt(from.length)]).join('');
  },
};

const range: BuiltIn = {
  name: 'range',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/range';
    args.between(1, 3, page);
    const first = args.int(query, 0, page);
    const stop = args.count > 1 ? args.int(query, 1, page) : first;
    const start = args.count > 1 ? first : 0n;
    const step = args.count > 2 ? args.int(query, 2, page) : 1n;
    if (step === 0n) throw valueError(`step value must not be zero${see(page)}`);
    const count = step > 0n ? (stop - start + step - 1n) / step : (start - stop - step - 1n) / -step;
    if (count > MAX_RANGE) throw operationError(`maximum range length exceeded${see(page)}`);
    query.step(Math.max(0, Number(count)));
    const items: Value[] = [];
    for (let at = 0n; at < count; at += 1n) items.push(start + at * step);
    return new List(items);
  },
};

const choice: BuiltIn = {
  name: 'choice',
  effects: effects.none,
  chain: {
    list: (_query, args, self) => {
      args.exactly(0, 'data-types/list/choice');
      if (!self.items.length) throw lookupError('choice from empty list');
      return self.items[randomInt(self.items.length)] as Value;
    },
  },
};

export const randomFunctions: readonly BuiltIn[] = [rand, randint, randstr, range, choice];
