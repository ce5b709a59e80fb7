import { errorCode, typeError, UncaughtError, valueError } from '../../model/errors.js';
import { Bytes } from '../../model/values/bytes.js';
import { List } from '../../model/values/list.js';
import { Regex } from '../../model/values/regex.js';
import { isTrue } from '../../model/values/truth.js';
import { typeName, type Value } from '../../model/values/value.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { toBytes, toFloat, toInt, toText } from '../../runtime/operations/convert.js';

/** `name()` gives an empty value, `name(value)` converts. */
function conversion(name: string, empty: () => Value, convert: (value: Value) => Value): BuiltIn {
  return {
    name,
    effects: effects.none,
    root: (query, args) => {
      args.atMost(1, `collection-api/${name}`);
      return args.count ? convert(args.value(query, 0)) : empty();
    },
  };
}

function toList(value: Value): Value {
  if (typeof value === 'object' && value?.kind === 'list') return value;
  if (typeof value === 'object' && value?.kind === 'set') return new List([...value.things]);
  throw new UncaughtError(errorCode.type, `cannot convert type \`${typeName(value)}\` to \`list\``);
}

const regex: BuiltIn = {
  name: 'regex',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/regex';
    args.between(1, 2, page);
    const pattern = args.string(query, 0, page);
    const flags = args.count === 2 ? args.string(query, 1, page) : '';
    if (!/^[\x21-\x7e]*$/.test(flags)) throw valueError('invalid regular expression flags');
    return new Regex(`/${pattern}/${flags}`);
  },
};

const closure: BuiltIn = {
  name: 'closure',
  effects: effects.none,
  root: (query, args) => {
    args.atMost(1, 'collection-api/closure');
    const load = (text: string): Value => query.database.programs.closure(text, query.scope.kind);
    if (args.count === 0) return load('||nil');
    const value = args.value(query, 0);
    if (typeof value === 'string') return load(value);
    if (typeof value === 'object' && value?.kind === 'closure') return value;
    throw typeError(`cannot convert type \`${typeName(value)}\` to \`closure\``);
  },
  chain: {
    task: (_query, args, self) => {
      args.exactly(0, 'data-types/task/closure');
      return self.closure;
    },
  },
};

export const conversionFunctions: readonly BuiltIn[] = [
  conversion('bool', () => false, isTrue),
  conversion('int', () => 0n, toInt),
  conversion('float', () => 0, toFloat),
  conversion('str', () => '', toText),
  conversion('bytes', () => new Bytes(''), toBytes),
  conversion('list', () => new List([]), toList),
  regex,
  closure,
];
