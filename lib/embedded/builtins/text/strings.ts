import { madeText, spendScan, spendSteps, spendText, TextBuilder } from '../../model/budget.js';
import { overflowError, see, typeError, valueError } from '../../model/errors.js';
import type { Closure } from '../../model/values/closure.js';
import { List } from '../../model/values/list.js';
import type { Regex } from '../../model/values/regex.js';
import { typeName } from '../../model/values/value.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import type { Query } from '../../runtime/query.js';
import { matchesOf, split } from './split.js';

/** A function of a string without arguments. */
function plain(name: string, apply: (text: string) => string): BuiltIn {
  const page = `data-types/str/${name}`;
  return {
    name,
    effects: effects.none,
    chain: {
      str: (_query, args, self) => {
        args.exactly(0, page);
        return madeText(apply(self));
      },
    },
  };
}

/** A function that looks for a string in another. */
function search(name: string, test: (text: string, part: string) => boolean): BuiltIn {
  const page = `data-types/str/${name}`;
  return {
    name,
    effects: effects.none,
    chain: {
      str: (query, args, self) => {
        args.exactly(1, page);
        spendScan(self.length);
        return test(self, args.string(query, 0, page));
      },
    },
  };
}

/** ThingsDB changes ASCII letters only; other bytes stay. */
const upper = (text: string): string => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);

function trimLeft(text: string): string {
  let start = 0;
  while (start < text.length && isBlank(text.charCodeAt(start))) start += 1;
  return text.slice(start);
}

/** By hand: a regular expression would begin anew at every blank. */
function trimRight(text: string): string {
  let end = text.length;
  while (end > 0 && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

const REPLACE_PAGE = 'data-types/str/replace';

function callbackText(query: Query, closure: Closure, values: readonly (string | bigint | null)[]): string {
  const result = query.call(closure, values);
  if (typeof result === 'string') return result;
  throw typeError(
    `replace callback is expecting a return value of type \`str\` but got type \`${typeName(result)}\` instead` +
      see(REPLACE_PAGE),
  );
}

function replaceText(query: Query, text: string, from: string, to: string | Closure, limit: bigint): string {
  if (!from) throw valueError('replace an empty string');
  spendScan(text.length);
  const positions = positionsOf(query, text, from, limit);
  // From the end on the real server tells positions as they are behind what was found.
  const shift = limit < 0n ? from.length : 0;
  const texts = positions.map((at) =>
    typeof to === 'string'
      ? to
      : callbackText(query, to, [BigInt(at + shift), BigInt(at + from.length + shift), text]),
  );
  if (limit < 0n) {
    positions.reverse();
    texts.reverse();
  }
  const result = new TextBuilder();
  let end = 0;
  positions.forEach((at, index) => {
    result.add(text.slice(end, at));
    result.add(texts[index] ?? '');
    end = at + from.length;
  });
  return result.end(text.slice(end));
}

/** Where a text is in another one: from the start, or from the end on when the limit is negative. */
function positionsOf(query: Query, text: string, from: string, limit: bigint): number[] {
  const positions: number[] = [];
  const count = Number(limit < 0n ? -limit : limit);
  const next = (at: number): number => {
    if (limit >= 0n) return text.indexOf(from, at + from.length);
    return at < from.length ? -1 : text.lastIndexOf(from, at - from.length);
  };
  let at = limit < 0n ? text.lastIndexOf(from) : text.indexOf(from);
  while (at >= 0 && positions.length < count) {
    query.step();
    positions.push(at);
    at = next(at);
  }
  return positions;
}

function replaceRegex(query: Query, text: string, regex: Regex, to: string | Closure, limit: bigint): string {
  if (limit < 0n) {
    throw valueError(
      'function `replace` does not support backward (negative) replacements when used with a regular expression' +
        see(REPLACE_PAGE),
    );
  }
  const result = new TextBuilder();
  let end = 0;
  let left = limit;
  for (const { start, stop, groups } of matchesOf(regex, text)) {
    if (left === 0n) break;
    left -= 1n;
    result.add(text.slice(end, start));
    end = stop;
    if (typeof to === 'string') {
      result.add(to);
      continue;
    }
    const found = [...groups.map((group) => group ?? ''), text.slice(start, stop)];
    result.add(callbackText(query, to, [...found, BigInt(start), BigInt(stop), text]));
  }
  return result.end(text.slice(end));
}

const MAX_INT = 9223372036854775807n;

/** `str.replace(from, to, limit?)` */
export const replaceString: NonNullable<NonNullable<BuiltIn['chain']>['str']> = (query, args, self) => {
  args.between(2, 3, REPLACE_PAGE);
  const from = args.value(query, 0);
  const isRegex = typeof from === 'object' && from?.kind === 'regex';
  if (typeof from !== 'string' && !isRegex) throw args.expected(0, '`str` or `regex`', from, REPLACE_PAGE);
  const to = args.value(query, 1);
  if (typeof to !== 'string' && !(typeof to === 'object' && to?.kind === 'closure')) {
    throw args.expected(1, '`str` or `closure`', to, REPLACE_PAGE);
  }
  let limit = MAX_INT;
  if (args.count === 3) {
    const given = args.value(query, 2);
    // The real server counts this one as the second.
    if (typeof given !== 'bigint') throw args.expected(1, '`int`', given, REPLACE_PAGE);
    if (given < -MAX_INT) throw overflowError();
    limit = given;
  }
  return typeof from === 'string'
    ? replaceText(query, self, from, to, limit)
    : replaceRegex(query, self, from, to, limit);
};

const join: BuiltIn = {
  name: 'join',
  effects: effects.none,
  chain: {
    list: (query, args, self) => {
      const page = 'data-types/list/join';
      args.atMost(1, page);
      if (!self.items.length) return '';
      // It is not looked at where nothing would be separated.
      const separator = args.count && self.items.length > 1 ? args.string(query, 0, page) : '';
      self.items.forEach((item, at) => {
        if (typeof item === 'string') return;
        throw typeError(
          `expecting item ${at} to be of type \`str\` but got type \`${typeName(item)}\` instead${see(page)}`,
        );
      });
      const texts = self.items as string[];
      spendSteps(texts.length);
      const separators = separator.length * (texts.length - 1);
      spendText(texts.reduce((sum, text) => sum + text.length, separators));
      return texts.join(separator);
    },
  },
};

/** With the flag `g`: what matches, everywhere, without the groups. */
function allMatches(regex: Regex, text: string): List {
  return new List([...matchesOf(regex, text)].map(({ start, stop }) => madeText(text.slice(start, stop))));
}

const match: BuiltIn = {
  name: 'match',
  effects: effects.none,
  chain: {
    regex: (query, args, self) => {
      const page = 'data-types/regex/match';
      args.exactly(1, page);
      const text = args.string(query, 0, page);
      if (self.isGlobal) return allMatches(self, text);
      const found = self.find(text, 0);
      if (!found) return null;
      const groups = found.groups.map((group) => group ?? '');
      return new List([text.slice(found.start, found.stop), ...groups]);
    },
  },
};

const test: BuiltIn = {
  name: 'test',
  effects: effects.none,
  chain: {
    regex: (query, args, self) => {
      const page = 'data-types/regex/test';
      args.exactly(1, page);
      return self.test(args.string(query, 0, page));
    },
  },
};

export const stringFunctions: readonly BuiltIn[] = [
  plain('upper', upper),
  plain('lower', lower),
  plain('trim', (text) => trimRight(trimLeft(text))),
  plain('trim_left', trimLeft),
  plain('trim_right', trimRight),
  search('contains', (text, part) => text.includes(part)),
  search('starts_with', (text, part) => text.startsWith(part)),
  search('ends_with', (text, part) => text.endsWith(part)),
  split,
  join,
  match,
  test,
];
