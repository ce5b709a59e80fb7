import type { Value } from './value.js';

/** Whether a value counts as true. */
export function isTrue(value: Value): boolean {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'bigint':
      return value !== 0n;
    case 'number':
      return value !== 0;
    case 'string':
      return value !== '';
    default:
      return value !== null && isTrueObject(value);
  }
}

function isTrueObject(value: Extract<Value, object>): boolean {
  switch (value.kind) {
    case 'bytes':
      return value.data !== '';
    case 'list':
      return value.items.length > 0;
    case 'set':
      return value.things.size > 0;
    case 'thing':
      return value.size > 0;
    case 'wrap':
    case 'wano':
      return value.thing.size > 0;
    case 'member':
      return isTrue(value.value);
    case 'room':
      return value.id !== 0n;
    case 'task':
      return value.runAt !== null;
    case 'error':
      return false;
    default:
      return true;
  }
}
