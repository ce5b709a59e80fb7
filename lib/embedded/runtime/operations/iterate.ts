import { typeError } from '../../model/errors.js';
import { typeName, type Value } from '../../model/values/value.js';
import type { Query } from '../query.js';

/**
 * Walks over a list, a set or a thing, as `for` does. Gives an item and its index, a thing and its id, or a name and a
 * value. The value may not change meanwhile. `visit` gives `false` to stop.
 */
export function iterate(
  query: Query,
  subject: Value,
  wanted: number,
  visit: (first: Value, second: Value) => boolean,
): void {
  if (typeof subject !== 'object' || subject === null) throw notIterable(subject);
  switch (subject.kind) {
    case 'list':
      return whileInUse(subject, () => {
        const { items } = subject;
        for (let at = 0; at < items.length; at += 1) {
          query.step();
          if (!visit(items[at] as Value, wanted > 1 ? BigInt(at) : null)) return;
        }
      });
    case 'set':
      return whileInUse(subject, () => {
        for (const thing of subject.things) {
          query.step();
          if (!visit(thing, thing.id ? thing.id : null)) return;
        }
      });
    case 'thing':
      return whileInUse(subject, () => {
        const { keys, values } = subject.ordered();
        for (let at = 0; at < values.length; at += 1) {
          query.step();
          if (!visit(keys[at] as string, values[at] as Value)) return;
        }
      });
    default:
      throw notIterable(subject);
  }
}

/** Runs `action` while `subject` may not change. */
export function whileInUse<T>(subject: { isInUse: boolean }, action: () => T): T {
  const wasInUse = subject.isInUse;
  subject.isInUse = true;
  try {
    return action();
  } finally {
    subject.isInUse = wasInUse;
  }
}

function notIterable(value: Value): Error {
  return typeError(`type \`${typeName(value)}\` is not iterable`);
}
