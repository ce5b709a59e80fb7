import { see, typeError, valueError } from '../../runtime/errors.js';
import type { Query } from '../../runtime/query.js';
import { fromByteString, toByteString } from '../../runtime/text.js';
import type { Closure } from '../../runtime/values/closure.js';
import type { Regex } from '../../runtime/values/regex.js';
import { List } from '../../runtime/values/list.js';
import { typeName } from '../../runtime/values/value.js';
import type { BuiltIn } from '../built-in.js';
import { effects } from '../built-in.js';
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
        return apply(self);
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
        return test(self, args.string(query, 0, page));
      },
    },
  };
}

/** ThingsDB changes ASCII letters only; other bytes stay. */
const upper = (text: string): string => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

const replacePage = 'data-types/str/replace';

function callbackText(query: Query, closure: Closure, values: readonly (string | bigint | null)[]): string {
  const result = query.call(closure, values);
  if (typeof result === 'string') return result;
  throw typeError(
    `replace callback is expecting a return value of type \`str\` but got type \`${typeName(result)}\` instead` +
      see(replacePage),
  );
}

function replaceText(query: Query, text: string, from: string, to: string | Closure, limit: bigint): string {
  if (!from) throw valueError('replace an empty string');
  const positions: number[] = [];
  const count = Number(limit < 0n ? -limit : limit);
  if (limit >= 0n) {
    for (
      let at = text.indexOf(from);
      at >= 0 && positions.length < count;
      at = text.indexOf(from, at + from.length)
    ) {
      positions.push(at);
    }
  } else {
    for (let at = text.lastIndexOf(from); at >= 0 && positions.length < count;) {
      positions.unshift(at);
      at = at < from.length ? -1 : text.lastIndexOf(from, at - from.length);
    }
  }
  let result = '';
  let end = 0;
  for (const at of positions) {
    result += text.slice(end, at);
    end = at + from.length;
    result += typeof to === 'string' ? to : callbackText(query, to, [BigInt(at), BigInt(end), text]);
  }
  return result + text.slice(end);
}

function replaceRegex(query: Query, text: string, regex: Regex, to: string | Closure, limit: bigint): string {
  if (limit < 0n) {
    throw valueError(
      'function `replace` does not support backward (negative) replacements when used with a regular expression' +
        see(replacePage),
    );
  }
  let result = '';
  let end = 0;
  let left = limit;
  for (const { start, stop, groups } of matchesOf(regex, text)) {
    if (left === 0n) break;
    left -= 1n;
    result += text.slice(end, start);
    end = stop;
    result +=
      typeof to === 'string'
        ? to
        : callbackText(query, to, [...groups, text.slice(start, stop), BigInt(start), BigInt(stop), text]);
  }
  return result + text.slice(end);
}

const maxInt = 9223372036854775807n;

/** `str.replace(from, to, limit?)` */
export const replaceString: NonNullable<NonNullable<BuiltIn['chain']>['str']> = (query, args, self) => {
  args.between(2, 3, replacePage);
  const from = args.value(query, 0);
  const isRegex = typeof from === 'object' && from?.kind === 'regex';
  if (typeof from !== 'string' && !isRegex) throw args.expected(0, '`str` or `regex`', from, replacePage);
  const to = args.value(query, 1);
  if (typeof to !== 'string' && !(typeof to === 'object' && to?.kind === 'closure')) {
    throw args.expected(1, '`str` or `closure`', to, replacePage);
  }
  let limit = maxInt;
  if (args.count === 3) {
    const given = args.value(query, 2);
    // The real server counts this one as the second.
    if (typeof given !== 'bigint') throw args.expected(1, '`int`', given, replacePage);
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
      const separator = args.count ? args.string(query, 0, page) : '';
      self.items.forEach((item, at) => {
        if (typeof item === 'string') return;
        throw typeError(
          `expecting item ${at} to be of type \`str\` but got type \`${typeName(item)}\` instead${see(page)}`,
        );
      });
      return (self.items as string[]).join(separator);
    },
  },
};

const match: BuiltIn = {
  name: 'match',
  effects: effects.none,
  chain: {
    regex: (query, args, self) => {
      const page = 'data-types/regex/match';
      args.exactly(1, page);
      const found = self.expression.exec(fromByteString(args.string(query, 0, page)));
      if (!found) return null;
      const groups = [...found];
      while (groups.length > 1 && groups.at(-1) === undefined) groups.pop();
      return new List(groups.map((group) => toByteString(group ?? '')));
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
      return self.expression.test(fromByteString(args.string(query, 0, page)));
    },
  },
};

export const stringFunctions: readonly BuiltIn[] = [
  plain('upper', upper),
  plain('lower', lower),
  plain('trim', (text) => text.replace(/^[\t-\r ]+|[\t-\r ]+$/g, '')),
  plain('trim_left', (text) => text.replace(/^[\t-\r ]+/, '')),
  plain('trim_right', (text) => text.replace(/[\t-\r ]+$/, '')),
  search('contains', (text, part) => text.includes(part)),
  search('starts_with', (text, part) => text.startsWith(part)),
  search('ends_with', (text, part) => text.endsWith(part)),
  split,
  join,
  match,
  test,
];
