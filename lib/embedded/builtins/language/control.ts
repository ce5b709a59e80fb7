import {
  assertionError,
  errorMessage,
  notFound,
  see,
  typeError,
  UncaughtError,
  valueError,
} from '../../model/errors.js';
import { ThingsError } from '../../model/things-error.js';
import { ErrorValue } from '../../model/values/error-value.js';
import { Thing } from '../../model/values/thing.js';
import { isTrue } from '../../model/values/truth.js';
import { typeName, type Value } from '../../model/values/value.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { callClosure } from '../../runtime/compiler/call-named.js';
import { readDeep } from '../../runtime/compiler/compiler.js';
import { toText } from '../../runtime/operations/convert.js';
import { rawText } from '../../runtime/operations/equality.js';
import type { Query } from '../../runtime/query.js';

/** The errors that `try` catches: those that a program can meet, not those of the server itself. */
/** Throwing and catching takes as long as this many steps. */
const CAUGHT_STEPS = 50;

const isCaught = (error: unknown): error is ThingsError =>
  error instanceof ThingsError &&
  !(error instanceof UncaughtError) &&
  error.code <= -50 &&
  error.code >= -127;

function asError(value: Value): ErrorValue | null {
  return typeof value === 'object' && value?.kind === 'error' ? value : null;
}

const assertFunction: BuiltIn = {
  name: 'assert',
  effects: effects.none,
  root: (query, args) => {
    args.between(1, 2, 'collection-api/assert');
    if (isTrue(args.value(query, 0))) return null;
    if (args.count === 1) throw assertionError(`assertion statement \`${args.texts[0]}\` has failed`);
    throw assertionError(errorMessage(args.string(query, 1, 'collection-api/assert')));
  },
};

const raise: BuiltIn = {
  name: 'raise',
  effects: effects.none,
  root: (query, args) => {
    args.atMost(1, 'collection-api/raise');
    if (args.count === 0) throw new ThingsError(-100, 'error:-100');
    const value = args.value(query, 0);
    const text = rawText(value);
    if (text !== undefined) throw new ThingsError(-100, errorMessage(text));
    const error = asError(value);
    if (!error) throw args.expected(0, '`error` or type `str`', value, 'collection-api/raise');
    throw error.toThrow();
  },
};

const tryFunction: BuiltIn = {
  name: 'try',
  effects: effects.mayReturnStored,
  root: (query, args) => {
    args.atLeast(1, 'collection-api/try');
    try {
      return args.value(query, 0);
    } catch (error) {
      if (!isCaught(error)) throw error;
      query.step(CAUGHT_STEPS);
      if (args.count === 1) return new ErrorValue(error.code, error.message);
      for (let at = 1; at < args.count; at += 1) {
        const wanted = args.value(query, at);
        const wantedError = asError(wanted);
        if (!wantedError) {
          throw typeError(
            `function \`try\` expects arguments 2..X to be of type \`error\` but got type \`${typeName(wanted)}\` ` +
              `instead${see('collection-api/try')}`,
          );
        }
        if (wantedError.code === error.code) return new ErrorValue(error.code, error.message);
      }
      throw error;
    }
  },
};

const altRaise: BuiltIn = {
  name: 'alt_raise',
  effects: effects.none,
  root: (query, args) => {
    args.between(2, 3, 'collection-api/alt_raise');
    try {
      return args.value(query, 0);
    } catch (error) {
      if (!isCaught(error)) throw error;
      query.step(CAUGHT_STEPS);
      const page = 'collection-api/alt_raise';
      const code = args.int(query, 1, page);
      if (code < -127n || code > -50n) {
        throw valueError(
          `function \`alt_raise\` expects an error code between -127 and -50 but got ${code} instead` +
            see('collection-api/err'),
        );
      }
      const message = args.count === 3 ? errorMessage(args.string(query, 2, page)) : error.message;
      throw new ThingsError(Number(code), message);
    }
  },
};

const wse: BuiltIn = {
  name: 'wse',
  effects: effects.bothMayReturnStored,
  root: (query, args) => {
    args.atMost(1, 'collection-api/wse');
    return args.count ? args.value(query, 0) : null;
  },
};

const nse: BuiltIn = {
  name: 'nse',
  effects: effects.nse,
  root: (query, args) => {
    args.atMost(1, 'collection-api/nse');
    return args.count ? args.value(query, 0) : null;
  },
};

const deep: BuiltIn = {
  name: 'deep',
  effects: effects.none,
  root: (query, args) => {
    args.atMost(1, 'collection-api/deep');
    if (args.count) query.deep = readDeep(args.value(query, 0));
    return BigInt(query.deep);
  },
};

const type: BuiltIn = {
  name: 'type',
  effects: effects.none,
  root: (query, args) => {
    args.exactly(1, 'collection-api/type');
    return typeName(args.value(query, 0));
  },
};

const typeAssert: BuiltIn = {
  name: 'type_assert',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/type_assert';
    args.between(2, 3, page);
    const found = typeName(args.value(query, 0));
    const wanted = args.value(query, 1);
    if (found === wanted) return null;
    if (typeof wanted === 'object' && wanted?.kind === 'list') {
      for (const item of wanted.items) {
        if (typeof item !== 'string') {
          throw typeError(
            'function `type_assert` expects argument 2 to be a list or tuple of type `str` ' +
              `but got type \`${typeName(item)}\` instead${see(page)}`,
          );
        }
        if (item === found) return null;
      }
    } else if (typeof wanted !== 'string') {
      throw args.expected(1, '`str`, type `list` or type `tuple`', wanted, page);
    }
    if (args.count === 3) throw typeError(args.string(query, 2, 'data-types/str/contains'));
    throw typeError(`invalid type \`${found}\``);
  },
};

/** References from stored data, from variables, and the one of the call itself. */
function countReferences(query: Query, value: Value): bigint {
  // A node has these once, for everybody.
  let count = value === null || typeof value === 'boolean' ? 2 : 1;
  for (const held of query.variableValues()) {
    if (held === value) count += 1;
    else if (typeof held === 'object' && held?.kind === 'list') {
      for (const item of held.items) if (item === value) count += 1;
    }
  }
  // The text of a program is held by the program.
  if (typeof value === 'string') count += 1;
  if (typeof value === 'object' && value !== null) {
    if (value.kind === 'thing' || value.kind === 'room') count += value.refs;
    else if ((value.kind === 'list' || value.kind === 'set') && value.parent) count += 1;
  }
  return BigInt(count);
}

const refs: BuiltIn = {
  name: 'refs',
  effects: effects.none,
  root: (query, args) => {
    args.exactly(1, 'collection-api/refs');
    return countReferences(query, args.value(query, 0));
  },
};

const changeId: BuiltIn = {
  name: 'change_id',
  effects: effects.none,
  root: (query, args) => {
    args.exactly(0, 'collection-api/change_id');
    return query.changeId ? BigInt(query.changeId) : null;
  },
};

const log: BuiltIn = {
  name: 'log',
  effects: effects.none,
  root: (query, args) => {
    args.exactly(1, 'collection-api/log');
    toText(args.value(query, 0));
    return null;
  },
};

const timeit: BuiltIn = {
  name: 'timeit',
  effects: effects.none,
  root: (query, args) => {
    args.exactly(1, 'collection-api/timeit');
    const start = performance.now();
    const value = args.value(query, 0);
    const result = new Thing(query.collection);
    result.add('data', value);
    result.add('time', (performance.now() - start) / 1000);
    return result;
  },
};

const root: BuiltIn = {
  name: 'root',
  effects: effects.none,
  root: (query, args) => {
    args.exactly(0, 'collection-api/root');
    return query.collection?.root ?? null;
  },
};

const call: BuiltIn = {
  name: 'call',
  effects: effects.mayReturnStored,
  chain: { closure: (query, args, self) => callClosure(query, self, args) },
};

const run: BuiltIn = {
  name: 'run',
  effects: effects.mayReturnStored,
  root: (query, args) => {
    query.requireThingsdbOrCollection('run');
    args.atLeast(1, 'procedures-api/run');
    const name = args.string(query, 0, 'procedures-api/run');
    const procedure = query.procedures.get(name);
    if (!procedure) throw notFound('procedure', name);
    const values: Value[] = [];
    for (let at = 1; at < args.count && values.length < procedure.closure.parameters.length; at += 1) {
      values.push(args.value(query, at));
    }
    return query.call(procedure.closure, values);
  },
};

export const controlFunctions: readonly BuiltIn[] = [
  assertFunction,
  raise,
  tryFunction,
  altRaise,
  wse,
  nse,
  deep,
  type,
  typeAssert,
  refs,
  changeId,
  log,
  timeit,
  root,
  call,
  run,
];
