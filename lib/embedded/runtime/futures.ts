import { Privileges } from '../model/accounts/privileges.js';
import { maxQuotaError, operationError, see } from '../model/errors.js';
import type { Closure } from '../model/values/closure.js';
import type { Future } from '../model/values/future.js';
import { List } from '../model/values/list.js';
import type { Value } from '../model/values/value.js';
import { Query } from './query.js';

type Call = (query: Query, closure: Closure, args: readonly Value[]) => Value;

/** Runs the futures that a query made, each in a change of its own if it needs one. The first error is thrown. */
export function runFutures(query: Query, call: Call): void {
  // Those that one makes while it runs wait in a query of their own.
  for (const future of query.futures) {
    try {
      runFuture(query, future, call);
    } finally {
      for (const closure of [future.onSuccess, future.onFailure]) if (closure) releaseFuture(query, closure);
    }
  }
  query.futures.length = 0;
}

const MAX_WAITING = 255;

/** Throws -63 when too many futures wait with the same closure. */
export function claimFuture({ budget }: Query, { node }: Closure): void {
  const count = budget.waitingFutures.get(node) ?? 0;
  if (count === MAX_WAITING) {
    throw operationError(`maximum future count on closure has been reached${see('data-types/closure')}`);
  }
  budget.waitingFutures.set(node, count + 1);
}

function releaseFuture({ budget }: Query, { node }: Closure): void {
  budget.waitingFutures.set(node, (budget.waitingFutures.get(node) ?? 1) - 1);
}

function runFuture(query: Query, future: Future, call: Call): void {
  const closure = future.onSuccess;
  if (!closure) {
    future.result = new List(future.args.slice());
    return;
  }
  const { budget } = query;
  const inner = new Query(query.database, query.scope, query.user, query.session, budget);
  inner.deep = query.deep;
  if (closure.hasSideEffects) {
    if (future.args.some((value) => hasIds(value, new Set()))) {
      throw operationError('context does not allow arguments which are stored by Id');
    }
    query.scope.access.require(query.user, Privileges.change);
    inner.beginChange();
  }
  const { futureDepth } = budget.limits;
  if (budget.futureDepth === futureDepth) {
    throw maxQuotaError(`maximum depth (${futureDepth}) of futures made by futures is reached`);
  }
  budget.futureDepth += 1;
  const value = call(inner, closure, future.args);
  runFutures(inner, call);
  budget.futureDepth -= 1;
  future.result = typeof value === 'object' && value?.kind === 'future' ? value.result : value;
}

/** Whether a stored thing or room is somewhere in the value. */
function hasIds(value: Value, seen: Set<Value>): boolean {
  if (typeof value !== 'object' || value === null || seen.has(value)) return false;
  seen.add(value);
  switch (value.kind) {
    case 'thing':
      return value.id !== 0n || value.values.some((inner) => hasIds(inner, seen));
    case 'room':
      return value.id !== 0n;
    case 'list':
      return value.items.some((inner) => hasIds(inner, seen));
    case 'set':
      return [...value.things].some((inner) => hasIds(inner, seen));
    case 'wrap':
    case 'wano':
      return hasIds(value.thing, seen);
    default:
      return false;
  }
}
