import type { Closure } from '../../model/values/closure.js';
import type { List } from '../../model/values/list.js';
import { hasRelation } from '../../model/values/relation.js';
import type { ThingSet } from '../../model/values/thing-set.js';
import type { Thing } from '../../model/values/thing.js';
import type { Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { whileInUse } from '../../runtime/operations/iterate.js';
import type { Query } from '../../runtime/query.js';

/** What `map`, `filter` and their like walk over. */
export type Walkable = List | ThingSet | Thing;

/**
 * Calls a closure for each item. The closure gets an item of a list and its index, or a thing of a set and its id. Of a
 * thing it gets a name and a value. `visit` gets the result, the item and its position, and gives `false` to stop.
 */
export function walk(
  query: Query,
  subject: Walkable,
  closure: Closure,
  visit: (result: Value, item: Value, at: number) => boolean,
): void {
  query.requireChangeFor(closure);
  const wantsSecond = closure.parameters.length > 1;
  let at = 0;
  switch (subject.kind) {
    case 'list':
      for (const { items } = subject; at < items.length; at += 1) {
        const item = items[at] as Value;
        if (!visit(query.call2(closure, item, wantsSecond ? BigInt(at) : null), item, at)) return;
      }
      return;
    case 'set':
      return walkSet(query, subject, closure, visit);
    case 'thing': {
      const { keys, values } = subject.ordered();
      for (; at < values.length; at += 1) {
        const value = values[at] as Value;
        if (!visit(query.call2(closure, keys[at] as string, value), value, at)) return;
      }
    }
  }
}

/** What happens to things with a relation may change the set: closures without side effects may not set that off. */
function walkSet(
  query: Query,
  set: ThingSet,
  closure: Closure,
  visit: (result: Value, item: Value, at: number) => boolean,
): void {
  const mayChange = !hasRelation(set) || closure.hasSideEffects;
  let at = 0;
  for (const thing of setItems(set)) {
    const call = (): Value => query.call2(closure, thing, thing.id || null);
    if (!visit(mayChange ? call() : query.withoutChange(call), thing, at)) return;
    at += 1;
  }
}

/** The things of a set in ThingsDB's order: by id, those without one last. */
export function setItems(set: ThingSet): Thing[] {
  return [...set.things];
}

/** Evaluates the closure of `subject.name(closure)` and walks; the subject may not change meanwhile. */
export function walkWith<T>(
  query: Query,
  args: Args,
  subject: Walkable,
  page: string,
  action: (closure: Closure) => T,
): T {
  return whileInUse(subject, () => action(args.closure(query, 0, page)));
}

/** The page of the documentation for a function on this kind of value. */
export function pageOf(subject: Walkable, name: string): string {
  return `data-types/${subject.kind}/${name}`;
}
