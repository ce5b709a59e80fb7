import { errorMessage, see, valueError } from '../../model/errors.js';
import { ErrorValue } from '../../model/values/error-value.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';

const LEAST_CODE = -127n;
const MOST_CODE = -50n;

const err: BuiltIn = {
  name: 'err',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/err';
    args.atMost(2, page);
    if (args.count === 0) return new ErrorValue(-100, 'error:-100');
    const code = args.int(query, 0, page);
    if (code < LEAST_CODE || code > MOST_CODE) {
      throw valueError(
        `function \`err\` expects an error code between ${LEAST_CODE} and ${MOST_CODE} but got ${code} instead${see(page)}`,
      );
    }
    if (args.count === 2) return new ErrorValue(Number(code), errorMessage(args.string(query, 1, page)));
    const known = named.find(([, itsCode]) => itsCode === Number(code));
    return new ErrorValue(Number(code), known?.[2] ?? `error:${code}`);
  },
  chain: {
    task: (_query, args, self) => {
      args.exactly(0, 'data-types/task/err');
      return self.error;
    },
  },
};

const code: BuiltIn = {
  name: 'code',
  effects: effects.none,
  chain: {
    error: (_query, args, self) => {
      args.exactly(0, 'data-types/error/code');
      return BigInt(self.code);
    },
  },
};

const msg: BuiltIn = {
  name: 'msg',
  effects: effects.none,
  chain: {
    error: (_query, args, self) => {
      args.exactly(0, 'data-types/error/msg');
      return self.message;
    },
  },
};

/** `type_err('...')` and its like: an error with a code of its own and a message by default. */
const named: readonly (readonly [name: string, code: number, message: string])[] = [
  ['cancelled_err', -64, 'operation is cancelled before completion'],
  ['operation_err', -63, 'operation is not valid in the current context'],
  ['num_arguments_err', -62, 'wrong number of arguments'],
  ['type_err', -61, 'object of inappropriate type'],
  ['value_err', -60, 'object has the right type but an inappropriate value'],
  ['overflow_err', -59, 'integer overflow'],
  ['zero_div_err', -58, 'division or modulo by zero'],
  ['max_quota_err', -57, 'max quota is reached'],
  ['auth_err', -56, 'authentication error'],
  ['forbidden_err', -55, 'forbidden (access denied)'],
  ['lookup_err', -54, 'requested resource not found'],
  ['bad_data_err', -53, 'unable to handle request due to invalid data'],
  ['syntax_err', -52, 'syntax error in query'],
  ['node_err', -51, 'node is temporary unable to handle the request'],
  ['assert_err', -50, 'assertion statement has failed'],
];

const namedErrors = named.map(([name, errorCode, message]): BuiltIn => ({
  name,
  effects: effects.none,
  root: (query, args) => {
    args.atMost(1, `errors/${name}`);
    return new ErrorValue(
      errorCode,
      args.count ? errorMessage(args.string(query, 0, `errors/${name}`)) : message,
    );
  },
}));

export const errorFunctions: readonly BuiltIn[] = [err, code, msg, ...namedErrors];
