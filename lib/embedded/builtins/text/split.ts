import { cost, spendMemory, spendScan, spendSteps } from '../../model/budget.js';
import { numArgumentsError, overflowError, see, typeError, valueError } from '../../model/errors.js';
import { List } from '../../model/values/list.js';
import type { Match, Regex } from '../../model/values/regex.js';
import { typeName } from '../../model/values/value.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';

/** All matches, one after the other; one that is empty ends the search, as in ThingsDB. */
export function* matchesOf(regex: Regex, text: string): Generator<Match> {
  let from = 0;
  for (let match = regex.find(text, 0); match; match = regex.find(text, from)) {
    yield match;
    if (match.stop === from) return;
    from = match.stop;
  }
}

const PAGE = 'data-types/str/split';
const blank = /[\t-\r ]+/g;
const MIN_INT = -9223372036854775808n;

/** Counts a text that is cut up, before it is. */
function spendPieces(text: string, count: number): void {
  spendScan(text.length);
  spendSteps(count);
  spendMemory(text.length + count * cost.item);
}

function cut(text: string, pieces: readonly (readonly [start: number, stop: number])[]): List {
  spendPieces(text, pieces.length);
  const parts: string[] = [];
  let end = 0;
  for (const [start, stop] of pieces) {
    parts.push(text.slice(end, start));
    end = stop;
  }
  return new List([...parts, text.slice(end)]);
}

/** Where the separators are; from the end when `limit` is negative. */
function separators(text: string, separator: string | null, limit: bigint): [number, number][] {
  const all: [number, number][] = [];
  if (separator === null) {
    for (const found of text.matchAll(blank)) all.push([found.index, found.index + found[0].length]);
  } else if (limit >= 0n) {
    const { length } = separator;
    for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + length))
      all.push([at, at + length]);
  } else {
    const { length } = separator;
    for (let at = text.lastIndexOf(separator); at >= 0;) {
      all.push([at, at + length]);
      at = at < length ? -1 : text.lastIndexOf(separator, at - length);
    }
    all.reverse();
  }
  const count = Number(limit < 0n ? -limit : limit);
  return limit < 0n ? all.slice(Math.max(0, all.length - count)) : all.slice(0, count);
}

function splitRegex(text: string, regex: Regex, limit: bigint): List {
  const parts: string[] = [];
  let end = 0;
  let left = limit;
  for (const { start, stop, groups } of matchesOf(regex, text)) {
    if (left === 0n) break;
    left -= 1n;
    spendPieces('', 1 + groups.length);
    parts.push(text.slice(end, start), ...groups.map((group) => group ?? ''));
    end = stop;
  }
  spendMemory(text.length);
  return new List([...parts, text.slice(end)]);
}

/** `str.split()`, `str.split(limit)`, `str.split(separator, limit?)` */
export const split: BuiltIn = {
  name: 'split',
  effects: effects.none,
  chain: {
    str: (query, args, self) => {
      args.atMost(2, PAGE);
      const all = 9223372036854775807n;
      if (args.count === 0) return cut(self, separators(self, null, all));
      const first = args.value(query, 0);
      if (typeof first === 'bigint') {
        if (args.count === 2) {
          throw numArgumentsError(
            `function \`split\` takes at most 1 argument when the first argument is of type \`int\`${see(PAGE)}`,
          );
        }
        if (first === MIN_INT) throw overflowError();
        return cut(self, separators(self, null, first));
      }
      if (typeof first === 'object' && first?.kind === 'regex') {
        const limit = args.count === 2 ? args.int(query, 1, PAGE) : all;
        if (limit < 0n) {
          throw valueError(
            'function `split` does not support backward (negative) splits when used with a regular expression' +
              see(PAGE),
          );
        }
        return splitRegex(self, first, limit);
      }
      if (typeof first !== 'string') {
        throw typeError(
          'function `split` expects argument 1 to be of type `str` or type `int` but got ' +
            `type \`${typeName(first)}\` instead${see(PAGE)}`,
        );
      }
      if (!first) throw valueError(`empty separator${see(PAGE)}`);
      const limit = args.count === 2 ? args.int(query, 1, PAGE) : all;
      if (limit === MIN_INT) throw overflowError();
      return cut(self, separators(self, first, limit));
    },
  },
};
