import { madeText, spendMemory, spendText } from '../../model/budget.js';
import { lookupError, see, typeError } from '../../model/errors.js';
import { Bytes } from '../../model/values/bytes.js';
import { isTrue } from '../../model/values/truth.js';
import { Thing } from '../../model/values/thing.js';
import { typeName, type Value } from '../../model/values/value.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { readDeep } from '../../runtime/compiler/compiler.js';
import { binaryText } from '../../runtime/operations/equality.js';
import type { Query } from '../../runtime/query.js';
import { toWire } from '../../runtime/wire/to-wire.js';
import { readerOf, unpack, unpackProperties, type UnpackScope } from '../../runtime/wire/unpack.js';
import { decodeBase64 } from './base64.js';
import { readJson } from './json-reader.js';
import { JsonWriter } from './json-writer.js';

const base64Encode: BuiltIn = {
  name: 'base64_encode',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/base64_encode';
    args.exactly(1, page);
    const value = args.value(query, 0);
    const text = binaryText(value);
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
    const text = binaryText(value);
    if (text === undefined) throw args.expected(0, '`str` or type `bytes`', value, page);
    spendText(text.length);
    return new Bytes(decodeBase64(text));
  },
};

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
        const option = values[at] as Value;
        if (key === 'deep') deep = readDeep(option);
        else if (key === 'beautify') indent = isTrue(option) ? '    ' : null;
        else if (key === 'flags') {
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
    const wire = toWire(value, { deep, withoutIds, sizeLimit: query.database.limits.resultSize, query });
    return madeText(new JsonWriter(readerOf(wire), indent).value() + (indent === null ? '' : '\n'));
  },
};

/** Objects become things whose keys are sorted, whatever they are. */
function jsonScope({ heap, tasks, database }: Query): UnpackScope {
  const scope: UnpackScope = {
    heap,
    tasks,
    database,
    readMap: (reader, depth) => {
      const thing = new Thing(heap);
      thing.isDict = true;
      thing.hasTextKeys = true;
      unpackProperties(reader, scope, depth, thing);
      return thing;
    },
  };
  return scope;
}

const jsonLoad: BuiltIn = {
  name: 'json_load',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/json_load';
    args.exactly(1, page);
    const text = args.string(query, 0, page);
    spendMemory(text.length);
    return unpack(readerOf(readJson(text)), jsonScope(query));
  },
};

const load: BuiltIn = {
  name: 'load',
  effects: effects.none,
  chain: {
    mpdata: (query, args, self) => {
      args.exactly(0, 'data-types/mpdata/load');
      return unpack(readerOf(self.content), query);
    },
  },
};

export const encodingFunctions: readonly BuiltIn[] = [base64Encode, base64Decode, jsonDump, jsonLoad, load];
