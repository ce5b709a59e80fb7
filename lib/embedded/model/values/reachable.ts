import type { Value } from './value.js';

/** The values that one holds itself, but for those of things and rooms, which have references counted. */
export function pushChildren(
  value: Exclude<Value, null | boolean | bigint | number | string>,
  to: Value[],
): void {
  switch (value.kind) {
    case 'list':
      // The first comes last, and is taken first: ids are given in order. No spread: a call takes only so many arguments.
      for (let at = value.items.length - 1; at >= 0; at -= 1) to.push(value.items[at] ?? null);
      return;
    case 'set':
      for (const thing of [...value.things].reverse()) to.push(thing);
      return;
    case 'wrap':
    case 'wano':
      to.push(value.thing);
      return;
    default:
  }
}

/** Every thing and room that can be reached from `roots`. */
export function reachable(roots: readonly Value[]): ReadonlySet<Value> {
  const found = new Set<Value>();
  const waiting: Value[] = [...roots];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null || found.has(next)) continue;
    found.add(next);
    if (next.kind === 'thing') for (const value of next.values) waiting.push(value);
    else pushChildren(next, waiting);
  }
  return found;
}
