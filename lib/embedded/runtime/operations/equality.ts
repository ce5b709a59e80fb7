import { spendScan, spendSteps } from '../../model/budget.js';
import { typeError } from '../../model/errors.js';
import type { DateTime } from '../../model/values/date-time.js';
import { weightOf } from '../../model/values/list.js';
import { typeName, type Value } from '../../model/values/value.js';

/** `==`: numbers and booleans by value, text and lists by content, things by identity. */
export function isEqual(a: Value, b: Value): boolean {
  if (typeof a === 'string' && typeof b === 'string') return isSameString(a, b);
  if (a === b) return !(typeof a === 'number' && Number.isNaN(a));
  if (typeof a !== 'object' && typeof b !== 'object') return isEqualPrimitive(a, b);
  if (a === null || b === null) return false;
  if (typeof a === 'string' || typeof b === 'string') return isSameText(a, b);
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  return isEqualObject(a, b);
}

/** The work of comparing is counted: a list may hold the same long text any number of times. */
function isSameString(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  spendScan(a.length);
  return a === b;
}

function isSameText(a: Value, b: Value): boolean {
  const left = rawText(a);
  const right = rawText(b);
  return left !== undefined && right !== undefined && isSameString(left, right);
}

function isEqualPrimitive(a: Value, b: Value): boolean {
  if (typeof a === 'string' || typeof b === 'string') return false;
  return toNumber(a) == toNumber(b);
}

function isEqualObject(a: Extract<Value, object>, b: Extract<Value, object>): boolean {
  switch (a.kind) {
    case 'bytes':
      return b.kind === 'bytes' && isSameString(a.data, b.data);
    case 'regex':
      return b.kind === 'regex' && isSameString(a.text, b.text);
    case 'list':
      if (b.kind !== 'list' || a.items.length !== b.items.length) return false;
      spendSteps(a.isTuple ? 1 : weightOf(a));
      return a.items.every((item, at) => isEqual(item, b.items[at] as Value));
    case 'set':
      return b.kind === 'set' && a.things.size === b.things.size && isSubset(a.things, b.things);
    case 'error':
      return b.kind === 'error' && a.code === b.code;
    case 'datetime':
      return b.kind === 'datetime' && a.seconds === b.seconds;
    case 'task':
      return b.kind === 'task' && a.id === 0n && b.id === 0n;
    case 'wrap':
      return b.kind === 'wrap' && a.type === b.type && a.thing === b.thing;
    case 'ano':
      return b.kind === 'ano' && isSameString(a.definition, b.definition);
    case 'wano':
      return b.kind === 'wano' && a.thing === b.thing && isSameString(a.ano.definition, b.ano.definition);
    default:
      return false;
  }
}

/** Whether every item of `a` is in `b`. */
export function isSubset<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  if (a.size > b.size) return false;
  for (const item of a) if (!b.has(item)) return false;
  return true;
}

/** Less than 0, 0, or more than 0. Throws -61 for values that have no order. */
export function compare(a: Value, b: Value): number {
  if (typeof a === 'object' && a?.kind === 'member') return compare(a.value, b);
  if (typeof b === 'object' && b?.kind === 'member') return compare(a, b.value);
  if (isMoment(a) && isMoment(b)) return a.seconds - b.seconds;
  const x = comparable(a);
  const y = comparable(b);
  if (typeof x === 'string') spendScan(x.length);
  if (x === undefined || y === undefined || (typeof x !== typeof y && !(isNumeric(x) && isNumeric(y)))) {
    throw typeError(`\`<\` not supported between \`${typeName(a)}\` and \`${typeName(b)}\``);
  }
  return x > y ? 1 : x < y ? -1 : 0;
}

const isMoment = (value: Value): value is DateTime => typeof value === 'object' && value?.kind === 'datetime';

const isNumeric = (value: unknown): boolean => typeof value === 'bigint' || typeof value === 'number';

/** What `<` and `>` compare: a number, or text. */
export function comparable(value: Value): bigint | number | string | undefined {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'string') return value;
  if (value?.kind === 'bytes') return value.data;
  return undefined;
}

/** The bytes of text and of binary data, which compare with each other. */
export function rawText(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value?.kind === 'bytes' ? value.data : undefined;
}

/** The bytes of text, of binary data and of packed data. */
export function binaryText(value: Value): string | undefined {
  return typeof value === 'object' && value?.kind === 'mpdata' ? value.data : rawText(value);
}

function toNumber(value: Value): bigint | number | boolean | null {
  return typeof value === 'boolean' ? (value ? 1n : 0n) : (value as bigint | number);
}
