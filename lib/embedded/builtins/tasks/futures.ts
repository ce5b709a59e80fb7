import { lookupError, notSupported, numArgumentsError, operationError, see } from '../../model/errors.js';
import type { Closure } from '../../model/values/closure.js';
import { Future } from '../../model/values/future.js';
import type { Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { claimFuture } from '../../runtime/futures.js';
import type { Query } from '../../runtime/query.js';

const PAGE = 'collection-api/future';

/** `future(closure, arguments?)` and `future(nil, ...values)`. Modules do not exist here. */
const future: BuiltIn = {
  name: 'future',
  effects: effects.futureMayReturnStored,
  root: (query, args) => {
    args.atLeast(1, PAGE);
    const first = args.value(query, 0);
    if (typeof first === 'object' && first?.kind === 'thing') {
      if (first.get('module') === undefined)
        throw lookupError(`missing \`module\` in future request${see(PAGE)}`);
      const name = first.get('module');
      if (typeof name === 'string') throw lookupError(`module \`${name}\` not found`);
      throw notSupported('modules: they are programs of their own that a node starts');
    }
    let made: Future;
    if (typeof first === 'object' && first?.kind === 'closure') {
      made = new Future(closureArguments(query, args, first));
      claimFuture(query, first);
      first.store();
      made.onSuccess = first;
    } else if (first === null) {
      const values: Value[] = [null];
      for (let at = 1; at < args.count; at += 1) values.push(args.value(query, at));
      made = new Future(values);
    } else {
      throw args.expected(0, '`thing`, `closure` or `nil`', first, PAGE);
    }
    query.futures.push(made);
    return made;
  },
};

function closureArguments(query: Query, args: Args, closure: Closure): Value[] {
  if (args.count > 2) {
    throw numArgumentsError(
      `function \`future\` expects at most 2 arguments when the first argument is of type \`closure\`${see(PAGE)}`,
    );
  }
  if (args.count === 2) {
    const { items } = args.list(query, 1, PAGE);
    if (items.length !== closure.parameters.length) {
      throw numArgumentsError(
        'number of future closure arguments must match the arguments in the provided list',
      );
    }
    return items.slice();
  }
  return closure.parameters.map((name) => {
    const value = query.variable(name);
    if (value === undefined) throw lookupError(`variable \`${name}\` is undefined`);
    return value;
  });
}

function handler(name: 'then' | 'else', key: 'onSuccess' | 'onFailure'): BuiltIn {
  return {
    name,
    effects: effects.future,
    chain: {
      future: (query, args, self) => {
        if (self[key]) throw operationError(`only one \`${name}\` case is allowed`);
        args.exactly(1, `data-types/future/${name}`);
        const closure = args.closure(query, 0, `data-types/future/${name}`);
        claimFuture(query, closure);
        closure.store();
        self[key] = closure;
        return self;
      },
    },
  };
}

export const futureFunctions: readonly BuiltIn[] = [
  future,
  handler('then', 'onSuccess'),
  handler('else', 'onFailure'),
];
