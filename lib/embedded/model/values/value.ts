import type { AnonymousType } from './anonymous-type.js';
import type { Bytes } from './bytes.js';
import type { Closure } from './closure.js';
import type { DateTime } from './date-time.js';
import type { EnumMember } from './enum-member.js';
import type { ErrorValue } from './error-value.js';
import type { Future } from './future.js';
import type { List } from './list.js';
import type { PackedData } from './packed-data.js';
import type { Regex } from './regex.js';
import type { Room } from './room.js';
import type { Task } from './task.js';
import type { ThingSet } from './thing-set.js';
import type { Thing } from './thing.js';
import type { WrappedAnonymous } from './wrapped-anonymous.js';
import type { Wrapped } from './wrapped.js';

/** A value of the language. Integers are `bigint`, floats `number`, text is a byte string. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Bytes
  | PackedData
  | Regex
  | List
  | ThingSet
  | Thing
  | Wrapped
  | Room
  | Task
  | Closure
  | ErrorValue
  | DateTime
  | EnumMember
  | AnonymousType
  | WrappedAnonymous
  | Future;

/** The kinds that built-ins tell apart; tuples are lists here, and `timeval` a `datetime`. */
export type Kind =
  | 'nil'
  | 'bool'
  | 'int'
  | 'float'
  | 'str'
  | 'bytes'
  | 'mpdata'
  | 'regex'
  | 'list'
  | 'set'
  | 'thing'
  | 'wrap'
  | 'room'
  | 'task'
  | 'closure'
  | 'error'
  | 'datetime'
  | 'member'
  | 'ano'
  | 'wano'
  | 'future';

/** The class of each kind. */
export interface KindMap {
  nil: null;
  bool: boolean;
  int: bigint;
  float: number;
  str: string;
  bytes: Bytes;
  mpdata: PackedData;
  regex: Regex;
  list: List;
  set: ThingSet;
  thing: Thing;
  wrap: Wrapped;
  room: Room;
  task: Task;
  closure: Closure;
  error: ErrorValue;
  datetime: DateTime;
  member: EnumMember;
  ano: AnonymousType;
  wano: WrappedAnonymous;
  future: Future;
}

export function kindOf(value: Value): Kind {
  switch (typeof value) {
    case 'object':
      return value === null ? 'nil' : value.kind;
    case 'string':
      return 'str';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float';
    default:
      return 'bool';
  }
}

/** Narrows a value to a kind. */
export function isKind<K extends Kind>(value: Value, kind: K): value is KindMap[K] & Value {
  return kindOf(value) === kind;
}

/** The name of a value's type, as `type(...)` and error messages give it. */
export function typeName(value: Value): string {
  return typeof value === 'object' && value !== null ? value.typeName : kindOf(value);
}
