import type { Index } from '../../language/ast.js';
import { madeText, spendScan, spendSteps } from '../../model/budget.js';
import { lookupError, see, typeError, valueError } from '../../model/errors.js';
import { listItem } from '../../model/values/assignable.js';
import { Bytes } from '../../model/values/bytes.js';
import { List } from '../../model/values/list.js';
import type { Thing } from '../../model/values/thing.js';
import { typeName, type Value } from '../../model/values/value.js';
import type { Evaluate } from '../evaluate.js';
import { replaceItems, requireItem } from '../operations/list-changes.js';
import { type Operator, operators } from '../operations/operators.js';
import { noProperty, setProperty } from '../operations/properties.js';
import { updateProperty, whileLocked } from '../operations/updates.js';
import type { Query } from '../query.js';
import type { ExpressionCompiler } from './expression-compiler.js';

type Bounds = readonly (Evaluate | null)[];

/** `value[...]` and `value[...] = ...` */
export function compileIndex(compiler: ExpressionCompiler, value: Evaluate, node: Index): Evaluate {
  const bounds: Bounds = node.bounds.map((bound) => bound && compiler.statement(bound));
  if (!node.assign) {
    const first = bounds[0];
    return node.isSlice || !first
      ? (query) => slice(query, value(query), bounds)
      : (query) => index(query, value(query), first);
  }
  const right = compiler.statement(node.assign.value);
  const operator = node.assign.operator;
  return (query) => assignIndex(query, value(query), node.isSlice, bounds, operator, right);
}

function index(query: Query, subject: Value, at: Evaluate): Value {
  // A joined string is copied together before its bytes can be had.
  if (typeof subject === 'string') spendScan(subject.length);
  if (typeof subject === 'string') return subject[position(at(query), subject.length)] as string;
  if (typeof subject === 'object' && subject !== null) {
    switch (subject.kind) {
      case 'list':
        return subject.items[position(at(query), subject.items.length)] as Value;
      case 'bytes':
        return new Bytes(subject.data[position(at(query), subject.data.length)] as string);
      case 'thing':
        return keyed(subject, at(query));
      default:
    }
  }
  throw typeError(`type \`${typeName(subject)}\` is not indexable`);
}

function keyed(thing: Thing, key: Value): Value {
  const name = requireText(key);
  const found = thing.find(name);
  if (found === undefined) throw noProperty(thing, name);
  return found;
}

function requireText(key: Value): string {
  if (typeof key === 'string') return key;
  throw typeError(`expecting an index of type \`str\` but got type \`${typeName(key)}\` instead`);
}

/** Negative ones count from the end. */
function position(at: Value, length: number): number {
  if (typeof at !== 'bigint') {
    throw typeError(`expecting an index of type \`int\` but got type \`${typeName(at)}\` instead`);
  }
  const found = at < 0n ? at + BigInt(length) : at;
  if (found < 0n || found >= BigInt(length)) throw lookupError('index out of range');
  return Number(found);
}

interface Range {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}

function slice(query: Query, subject: Value, bounds: Bounds): Value {
  if (typeof subject === 'string') return sliceText(subject, readRange(query, bounds, subject.length));
  if (typeof subject === 'object' && subject?.kind === 'bytes') {
    return new Bytes(sliceText(subject.data, readRange(query, bounds, subject.data.length)));
  }
  if (typeof subject !== 'object' || subject?.kind !== 'list') {
    throw typeError(`type \`${typeName(subject)}\` has no slice support`);
  }
  const range = readRange(query, bounds, subject.items.length);
  return new List(positions(range).map((at) => subject.items[at] as Value));
}

function sliceText(text: string, range: Range): string {
  spendScan(text.length);
  if (range.step === 1) return madeText(text.slice(range.start, Math.max(range.start, range.stop)));
  const letters = positions(range).map((at) => text[at]);
  return madeText(letters.join(''));
}

function positions({ start, stop, step }: Range): number[] {
  const all: number[] = [];
  spendSteps(Math.max(0, Math.floor((stop - start) / step)));
  if (step > 0) for (let at = start; at < stop; at += step) all.push(at);
  else for (let at = start; at > stop; at += step) all.push(at);
  return all;
}

/** The three bounds as ThingsDB reads them: what lies outside is cut off, except below 0 with a negative step. */
function readRange(query: Query, bounds: Bounds, length: number): Range {
  let start = 0;
  let stop = length;
  let step = 1;
  if (length === 0) return { start, stop, step };
  const first = readBound(query, bounds[0]);
  if (first !== null) {
    if (first > 0) start = Math.min(first, length);
    else if (first < 0) start = Math.max(length + first, 0);
  }
  const second = readBound(query, bounds[1]);
  if (second !== null && second < length) stop = second < 0 ? Math.max(length + second, 0) : second;
  const third = readBound(query, bounds[2]);
  if (third !== null) {
    if (third === 0) throw valueError('slice step cannot be zero');
    if (third < 0 && first === null) start = length - 1;
    if (third < 0 && second === null) stop = -1;
    if (third < 0 && start >= length) start = length - 1;
    step = third;
  }
  return { start, stop, step };
}

function readBound(query: Query, bound: Evaluate | null | undefined): number | null {
  if (!bound) return null;
  const value = bound(query);
  if (typeof value === 'bigint') return Number(value);
  if (value === null) return null;
  throw typeError(
    `slice indices must be of type \`int\` or \`nil\` but got got type \`${typeName(value)}\` instead` +
      see('overview/slices'),
  );
}

function assignIndex(
  query: Query,
  subject: Value,
  isSlice: boolean,
  bounds: Bounds,
  operator: string,
  right: Evaluate,
): Value {
  if (typeof subject === 'object' && subject !== null) {
    if (subject.kind === 'list' && !subject.isTuple) {
      return isSlice
        ? assignSlice(query, subject, bounds, operator, right)
        : assignItem(query, subject, bounds[0] as Evaluate, operator, right);
    }
    if (subject.kind === 'thing') {
      if (isSlice) throw typeError(`type \`${typeName(subject)}\` has no slice support`);
      return assignKey(query, subject, bounds[0] as Evaluate, operator, right);
    }
  }
  const kind = typeof subject === 'string' ? 'str' : (subject as { kind?: string } | null)?.kind;
  if (kind === 'str' || kind === 'bytes' || kind === 'list') {
    throw typeError(`type \`${typeName(subject)}\` does not support index assignments`);
  }
  throw typeError(`type \`${typeName(subject)}\` ${isSlice ? 'has no slice support' : 'is not indexable'}`);
}

function assignItem(query: Query, list: List, at: Evaluate, operator: string, right: Evaluate): Value {
  query.requireChange('list', list.isStored);
  return whileLocked(list, () => {
    const where = position(at(query), list.items.length);
    const given = right(query);
    const value =
      operator === '='
        ? listItem(requireItem(list, given))
        : (operators[operator.slice(0, -1)] as Operator)(list.items[where] as Value, given);
    replaceItems(list, where, 1, [value]);
    return value;
  });
}

function assignSlice(query: Query, list: List, bounds: Bounds, operator: string, right: Evaluate): Value {
  if (operator !== '=') {
    throw typeError(
      `unsupported operand type \`${operator}\` for slice assignments${see('overview/slices')}`,
    );
  }
  query.requireChange('list', list.isStored);
  return whileLocked(list, () => {
    const { start, stop, step } = readRange(query, bounds, list.items.length);
    if (step !== 1) {
      throw valueError(
        `slice assignments require a step value of 1 but got ${step} instead${see('overview/slices')}`,
      );
    }
    const given = right(query);
    if (typeof given !== 'object' || given?.kind !== 'list') {
      throw typeError(
        `slice assignments require a \`list\` or \`tuple\` type but got type \`${typeName(given)}\` instead` +
          see('overview/slices'),
      );
    }
    replaceItems(list, start, Math.max(stop - start, 0), given.items);
    return null;
  });
}

function assignKey(query: Query, thing: Thing, at: Evaluate, operator: string, right: Evaluate): Value {
  query.requireChange('thing', thing.id !== 0n);
  return whileLocked(thing, () => {
    const key = requireText(at(query));
    const given = right(query);
    if (operator === '=') return setProperty(query, thing, key, given);
    if (thing.position(key) < 0) throw noProperty(thing, key);
    return updateProperty(thing, key, operator, given);
  });
}
