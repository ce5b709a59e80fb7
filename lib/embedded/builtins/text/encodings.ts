import type { Wire } from '../../engine.js';
import { madeText, spendMemory, spendText } from '../../runtime/budget.js';
import { lookupError, see, typeError } from '../../runtime/errors.js';
import { rawText } from '../../runtime/equality.js';
import { fromWire } from '../../runtime/from-wire.js';
import { toByteString } from '../../runtime/text.js';
import type { Query } from '../../runtime/query.js';
import { toWire } from '../../runtime/to-wire.js';
import { isTrue } from '../../runtime/truth.js';
import { readDeep } from '../../runtime/compiler.js';
import { Bytes } from '../../runtime/values/bytes.js';
import { typeName, type Value } from '../../runtime/values/value.js';
import { readJson } from './json-reader.js';
import type { BuiltIn } from '../built-in.js';
import { effects } from '../built-in.js';

const base64Encode: BuiltIn = {
  name: 'base64_encode',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/base64_encode';
    args.exactly(1, page);
    const value = args.value(query, 0);
    const text = rawText(value);
    if (text === undefined) throw args.expected(0, '`str`, `bytes` or `mpdata`', value, page);
    spendText(Math.ceil(text.length / 3) * 4);
    return Buffer.from(text, 'latin1').toString('base64');
  },
};

const base64Decode: BuiltIn = {
  name: 'base64_decode',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/base64_decode';
    args.exactly(1, page);
    const value = args.value(query, 0);
    const text = rawText(value);
    if (text === undefined) throw args.expected(0, '`str` or type `bytes`', value, page);
    return new Bytes(Buffer.from(text, 'base64').toString('latin1'));
  },
};

/** A `\u` escape for what JSON does not allow as it is; text stays UTF-8. */
function jsonText(wire: Wire, indent: string | null, depth = 0): string {
  const inner = indent === null ? '' : `\n${indent.repeat(depth + 1)}`;
  const outer = indent === null ? '' : `\n${indent.repeat(depth)}`;
  switch (typeof wire) {
    case 'bigint':
      return String(wire);
    case 'number':
      return jsonNumber(wire);
    case 'string':
      return JSON.stringify(wire);
    case 'boolean':
      return String(wire);
    default:
  }
  if (wire === null) return 'null';
  if (wire instanceof Uint8Array) throw typeError('type `bytes` is not JSON serializable');
  if (Array.isArray(wire)) {
    const items = (wire as readonly Wire[]).map((item) => inner + jsonText(item, indent, depth + 1));
    return items.length ? `[${items.join(',')}${outer}]` : '[]';
  }
  const colon = indent === null ? ':' : ': ';
  const entries = Object.entries(wire as Readonly<Record<string, Wire>>).map(
    ([key, value]) => inner + JSON.stringify(key) + colon + jsonText(value, indent, depth + 1),
  );
  return entries.length ? `{${entries.join(',')}${outer}}` : '{}';
}

function jsonNumber(value: number): string {
  if (!Number.isFinite(value)) throw typeError('JSON invalid number');
  // As C's `%.20g` writes it, with a fraction.
  if (Number.isInteger(value) && Math.abs(value) < 1e20) return value.toFixed(1);
  const text = value.toPrecision(20);
  return text.includes('e') ? text.replace(/\.?0+e/, 'e') : text.replace(/\.?0+$/, '');
}

const jsonDump: BuiltIn = {
  name: 'json_dump',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/json_dump';
    args.between(1, 2, page);
    const value = args.value(query, 0);
    let { deep, withoutIds } = query;
    let indent: string | null = null;
    if (args.count === 2) {
      const { keys, values } = args.thing(query, 1, page).ordered();
      keys.forEach((key, at) => {
        const option = values[at]!;
        if (key === 'deep') deep = readDeep(option);
        else if (key === 'beautify') {
          if (typeof option !== 'boolean') {
            throw typeError(
              `expecting \`beautify\` to be of type \`bool\` but got type \`${typeName(option)}\` instead${see(page)}`,
            );
          }
          indent = isTrue(option) ? '    ' : null;
        } else if (key === 'flags') {
          if (typeof option !== 'bigint') {
            throw typeError(
              `expecting \`flags\` to be of type \`int\` but got type \`${typeName(option)}\` instead`,
            );
          }
          withoutIds = (option & 32n) !== 0n;
        } else {
          throw lookupError(`invalid option \`${key}\` for function \`json_dump\`${see(page)}`);
        }
      });
    }
    const wire = toWire(value, { deep, withoutIds, sizeLimit: query.database.limits.resultSize });
    return madeText(toByteString(jsonText(wire, indent) + (indent === null ? '' : '\n')));
  },
};

const jsonLoad: BuiltIn = {
  name: 'json_load',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/json_load';
    args.exactly(1, page);
    const text = args.string(query, 0, page);
    spendMemory(text.length);
    return fromJson(readJson(text), query);
  },
};

/** A `#` in JSON is a key like any other, and one that is reserved. */
function fromJson(wire: Wire, query: Query): Value {
  return fromWire(wire, null, 0, query.collection);
}

const load: BuiltIn = {
  name: 'load',
  effects: effects.none,
  chain: {
    mpdata: (query, args, self) => {
      args.exactly(0, 'data-types/mpdata/load');
      return fromWire(self.content, query.collection);
    },
  },
};

export const encodingFunctions: readonly BuiltIn[] = [base64Encode, base64Decode, jsonDump, jsonLoad, load];
