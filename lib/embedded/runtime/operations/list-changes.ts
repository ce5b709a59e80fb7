import { cost, spendMemory, spendSteps } from '../../model/budget.js';
import { typeError, valueError } from '../../model/errors.js';
import { type List, spendWalk } from '../../model/values/list.js';
import { typeName, type Value } from '../../model/values/value.js';

/** Moving this many items (as a power of 2) counts as one step. */
const MOVE_SHIFT = 4;

/** Replaces `count` items from `start` on; gives those that were there. References stay counted. */
export function replaceItems(list: List, start: number, count: number, items: readonly Value[]): Value[] {
  spendMemory(items.length * cost.item);
  if (items.length && list.isStored) for (const item of items) spendWalk(item);
  // Whatever lies behind moves, but for the first and the last item.
  if (start > 0 || items.length) spendSteps((list.items.length - start) >> MOVE_SHIFT);
  const removed =
    start === 0 && count === 1 && !items.length && list.items.length
      ? // The engine shifts without moving the rest; a splice would move it each time.
        [list.items.shift() as Value]
      : items.length < 10_000
        ? list.items.splice(start, count, ...items)
        : spliceMany(list, start, count, items);
  if (list.isStored) {
    const heap = list.parent?.heap;
    for (const item of items) heap?.attach(item);
    for (const item of removed) heap?.detach(item);
  }
  return removed;
}

/** A call takes only so many arguments. */
function spliceMany(list: List, start: number, count: number, items: readonly Value[]): Value[] {
  const tail = list.items.splice(start);
  for (const item of items) list.items.push(item);
  for (let at = count; at < tail.length; at += 1) list.items.push(tail[at] as Value);
  return tail.slice(0, count);
}

/** The item, if the list's definition allows it. Throws -61 or -60. */
export function requireItem(list: List, item: Value): Value {
  const mismatch = list.field?.nested?.mismatch(item);
  if (!mismatch) return item;
  if (mismatch === 'type') throw typeError(`type \`${typeName(item)}\` is not allowed in restricted array`);
  const rule = {
    utf8: 'UTF8 string values',
    uint: 'integer values greater than or equal to 0',
    pint: 'positive integer values',
    nint: 'negative integer values',
    email: 'email addresses',
    url: "URL's",
    tel: 'telephone numbers',
  }[mismatch];
  throw valueError(`array is restricted to ${rule}`);
}
