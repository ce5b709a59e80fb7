import { lookupError, numArgumentsError, typeError } from '../../model/errors.js';
import type { Closure } from '../../model/values/closure.js';
import type { EnumMember } from '../../model/values/enum-member.js';
import type { EnumType } from '../../model/values/enum-type.js';
import type { ThingType } from '../../model/values/thing-type.js';
import { typeName, type Value } from '../../model/values/value.js';
import type { Args } from '../args.js';
import type { Evaluate } from '../evaluate.js';
import { isEqual } from '../operations/equality.js';
import { instanceFrom } from '../operations/instance.js';
import type { Query } from '../query.js';

/** `name(...)` where the language has no function of that name: a type, an enumeration, a procedure, a variable. */
export function callNamed(query: Query, name: string, args: Args): Value {
  const { collection } = query;
  const type = collection?.types.get(name);
  if (type) return callType(query, type, args);
  const enumType = collection?.enums.get(name);
  if (enumType) return callEnum(query, enumType, args);
  const procedure = query.scope.kind === 'node' ? undefined : query.procedures.get(name);
  if (procedure) return callClosure(query, procedure.closure, args);
  const variable = query.variable(name);
  if (variable === undefined) throw lookupError(`function \`${name}\` is undefined`);
  if (typeof variable === 'object' && variable?.kind === 'closure') return callClosure(query, variable, args);
  throw typeError(`variable \`${name}\` is of type \`${typeName(variable)}\` and is not callable`);
}

/** Calls a closure with as many arguments as it takes; the rest is not even evaluated. */
export function callClosure(query: Query, closure: Closure, args: Args, self?: Value): Value {
  const { length } = closure.parameters;
  const values: Value[] = [];
  if (self !== undefined && length > 0) values.push(self);
  for (let at = 0; values.length < length && at < args.count; at += 1)
    values.push((args.nodes[at] as Evaluate)(query));
  return query.call(closure, values);
}

function callType(query: Query, type: ThingType, args: Args): Value {
  type.requireInstances();
  if (args.count > 1) {
    throw numArgumentsError(`type \`${type.name}\` takes at most 1 argument but ${args.count} were given`);
  }
  if (args.count === 0) return type.create();
  const value = type.using(() => args.value(query, 0));
  if (typeof value === 'bigint') {
    const thing = query.thingById(value);
    if (thing.type === type) return thing;
    throw typeError(`\`#${thing.id}\` is of type \`${typeName(thing)}\`, not \`${type.name}\``);
  }
  if (typeof value !== 'object' || value?.kind !== 'thing') {
    throw typeError(`cannot convert type \`${typeName(value)}\` to \`${type.name}\``);
  }
  return value.type === type ? value : instanceFrom(type, value);
}

function callEnum(query: Query, enumType: EnumType, args: Args): Value {
  if (args.count > 1) {
    throw numArgumentsError(
      `enum \`${enumType.name}\` takes at most 1 argument but ${args.count} were given`,
    );
  }
  if (args.count === 0) return enumType.members[0] ?? null;
  const value = enumType.using(() => args.value(query, 0));
  return memberByValue(enumType, value);
}

/** The member that has this value. Throws -54 or -61. */
export function memberByValue(enumType: EnumType, value: Value): EnumMember {
  const found = enumType.members.find((member) => isEqual(member.value, value));
  if (found) return found;
  const kind = enumKind(enumType);
  const named = `enum \`${enumType.name}\` has no member with`;
  if (kind === 'int' && typeof value === 'bigint') throw lookupError(`${named} value ${value}`);
  if (kind === 'str' && typeof value === 'string')
    throw lookupError(`${named} value \`${value.slice(0, 20)}\``);
  if (kind === 'thing' && typeof value === 'object' && value?.kind === 'thing') {
    throw lookupError(`${named} thing \`#${value.id}\` as value`);
  }
  throw typeError(
    `enum \`${enumType.name}\` is expecting a value of type \`${kind}\` but got type \`${typeName(value)}\` instead`,
  );
}

/** What kind of values an enumeration has. */
export function enumKind(enumType: EnumType): string {
  const first = enumType.members[0]?.value ?? null;
  return typeof first === 'object' && first?.kind === 'thing' ? 'thing' : typeName(first);
}
