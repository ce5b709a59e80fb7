import { lookupError, operationError } from '../../model/errors.js';
import { changeSet } from '../../model/values/relation.js';
import type { Thing } from '../../model/values/thing.js';
import type { Value } from '../../model/values/value.js';
import { type Operator, operators } from './operators.js';

/** `set |= ...` changes the set itself. */
export function updateSet(before: Value, after: Value, operator: string): Value {
  if (typeof before !== 'object' || before?.kind !== 'set') return after;
  if (typeof after !== 'object' || after?.kind !== 'set') return after;
  changeSet(before, after.things, operator === '|' || operator === '^');
  return before;
}

/** `thing.name += ...`: the result is stored without checking it against a definition, as ThingsDB does. */
export function updateProperty(thing: Thing, name: string, operator: string, given: Value): Value {
  const at = thing.position(name);
  if (at < 0) {
    throw lookupError(
      thing.type
        ? `type \`${thing.type.name}\` has no property \`${name}\``
        : `thing \`#${thing.id}\` has no property \`${name}\``,
    );
  }
  const before = thing.values[at] as Value;
  const word = operator.slice(0, -1);
  const after = updateSet(before, (operators[word] as Operator)(before, given), word);
  if (after === before) return after;
  if (thing.heap) thing.heap.setAt(thing, at, after);
  else thing.values[at] = after;
  return after;
}

/** Runs `action` while nobody else may change the thing. */
export function whileLocked<T>(subject: { isInUse: boolean; readonly typeName: string }, action: () => T): T {
  if (subject.isInUse) {
    throw operationError(`cannot change type \`${subject.typeName}\` while the value is in use`);
  }
  subject.isInUse = true;
  try {
    return action();
  } finally {
    subject.isInUse = false;
  }
}
