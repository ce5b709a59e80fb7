import { readDefinition } from '../../model/definitions/definition.js';
import {
  internalErrorOf,
  lookupError,
  ResultTooLargeError,
  see,
  typeError,
  valueError,
} from '../../model/errors.js';
import { MAX_DEEP } from '../../model/limits.js';
import type { Database } from '../../model/store/database.js';
import { isValidName } from '../../model/text.js';
import { Field } from '../../model/values/field.js';
import type { Heap } from '../../model/values/heap.js';
import type { List } from '../../model/values/list.js';
import { Restriction } from '../../model/values/restriction.js';
import { ThingType } from '../../model/values/thing-type.js';
import type { Thing } from '../../model/values/thing.js';
import { typeName, type Value } from '../../model/values/value.js';
import { PackReader } from '../../msgpack/pack-reader.js';
import { WireEncoder } from '../../msgpack/wire-encoder.js';
import { Packed } from '../../msgpack/wire.js';
import { toWire } from '../wire/to-wire.js';
import { unpack, type UnpackScope } from '../wire/unpack.js';

/** A definition by things and lists may take so many bytes. */
const MAX_DEFINITION = 0x4000;

/** The name under which types without one are known. */
const ANONYMOUS_NAME = '<anonymous>';

const wrapFlags = {
  sameDepth: true,
  minDepth: false,
  maxDepth: false,
  withoutIds: false,
  enumName: false,
  skipNil: true,
  skipFalse: false,
} as const;

/** Adds a property or a method to a type that is being made. */
export function addMember(database: Database, type: ThingType, name: string, value: Value): void {
  if (type.has(name)) {
    throw valueError(
      `property or method \`${name}\` already exists on type \`${type.name}\`${see('data-types/typed')}`,
    );
  }
  if (isNested(value)) type.add(nestedField(database, type, name, value));
  else if (value === '#') setIdName(type, name);
  else if (typeof value === 'string') type.add(defineField(database, type, name, value));
  else if (typeof value === 'object' && value?.kind === 'closure') {
    value.store();
    type.methods.set(name, value);
  } else throw noMember(type, value);
}

/** Adds the id under a name of its own. */
export function setIdName(type: ThingType, name: string): void {
  if (type.idName !== null) throw lookupError(`multiple Id ('#') definitions on type \`${type.name}\``);
  type.idName = name;
}

function noMember(type: ThingType, value: Value): Error {
  const nested = type.isWrapOnly ? 'a nested structure (`list` or `thing`), ' : '';
  return typeError(
    `expecting ${nested}a method of type \`closure\` or a definition of type \`str\` ` +
      `but got type \`${typeName(value)}\` instead${see('data-types/typed')}`,
  );
}

/** The property that a definition in text describes. */
export function defineField(
  database: Database,
  type: ThingType,
  name: string,
  definition: string,
  isTrusted = false,
): Field {
  const { isWrapOnly } = type;
  // What was checked before is not checked again: renaming a type cannot make a ring.
  if (isTrusted) type.isWrapOnly = true;
  try {
    return readDefinition(type, name, definition, {
      now: () => database.nowSeconds,
      closure: () => database.programs.closure('||nil', 'collection'),
    });
  } finally {
    type.isWrapOnly = isWrapOnly;
  }
}

/** Whether the value defines a property by its structure. */
export function isNested(value: Value): value is Thing | List {
  return typeof value === 'object' && (value?.kind === 'thing' || value?.kind === 'list');
}

/** A property that is defined by a thing, or by a list with one thing. It says how things in it are wrapped. */
export function nestedField(database: Database, type: ThingType, name: string, value: Thing | List): Field {
  const [first] = value.kind === 'list' ? onlyItem(type, value) : [value];
  if (!type.isWrapOnly) {
    throw valueError(
      `defining nested types is only allowed for wrap-only type; (happened on type \`${type.name}\`)`,
    );
  }
  return unpackNested(database, type, name, packDefinition(first, value));
}

function onlyItem(type: ThingType, { items }: List): [Thing] {
  const [first = null] = items;
  if (items.length !== 1) {
    throw valueError(
      `array with nested type must have exactly one element but found ${items.length} on type \`${type.name}\``,
    );
  }
  if (typeof first === 'object' && first?.kind === 'thing') return [first];
  throw typeError(
    `element in array must be of type \`thing\` but got type \`${typeName(first)}\` instead; ` +
      `(happened on type \`${type.name}\`)`,
  );
}

/** The definition as it is kept: packed, so that nothing that happens to the things later changes it. */
export function packDefinition(thing: Thing, value: Value): Packed {
  if (thing.isDict && !thing.keys.every(isValidName)) throw badKey();
  try {
    return new Packed(
      WireEncoder.encode(toWire(value, { deep: MAX_DEEP, withoutIds: true, sizeLimit: MAX_DEFINITION })),
    );
  } catch (thrown) {
    if (!(thrown instanceof ResultTooLargeError)) throw thrown;
    throw valueError('wpo type definition too large');
  }
}

/** Definitions refer to no task. */
const scopeOf = (database: Database, heap: Heap): UnpackScope => ({ database, heap, tasks: new Map() });

const badKey = (): Error => valueError(`type keys must follow the naming rules${see('overview/names')}`);

/** The property that a packed definition describes. */
export function unpackNested(database: Database, type: ThingType, name: string, packed: Packed): Field {
  const value = unpack(new PackReader(packed.bytes), scopeOf(database, type.heap));
  const isList = typeof value === 'object' && value?.kind === 'list';
  const inner = unpackType(database, type.heap, type.name, isList ? (value.items[0] ?? null) : value);
  const restriction = new Restriction(isList ? '[]' : 'thing', true);
  return new Field(type, name, '', wrapFlags, restriction, null, null, () => null, inner, packed);
}

/** A type without a name of its own, from its definition: closures in it are text that starts with `|`. */
function unpackType(database: Database, heap: Heap, name: string, value: Value): ThingType {
  if (typeof value !== 'object' || value?.kind !== 'thing' || value.type)
    throw internalErrorOf('internal error');
  const type = new ThingType(-1, name, heap, 0);
  type.isWrapOnly = true;
  type.hidesId = !value.values.some(
    (definition) => typeof definition === 'string' && definition.startsWith('#'),
  );
  const { keys, values } = value.ordered();
  keys.forEach((key, at) => {
    if (!isValidName(key)) throw badKey();
    const member = values[at] ?? null;
    const isClosure = typeof member === 'string' && member.startsWith('|');
    addMember(database, type, key, isClosure ? database.programs.closure(member, 'collection') : member);
  });
  return type;
}

/** The wrap-only type without a name that a packed definition describes. */
export function unpackWrapOnlyType(database: Database, heap: Heap, packed: Packed): ThingType {
  const value = unpack(new PackReader(packed.bytes), scopeOf(database, heap));
  const type = unpackType(database, heap, ANONYMOUS_NAME, value);
  if (!hasDependencies(type)) return type;
  throw typeError(
    `the ${ANONYMOUS_NAME} type definition contains dependencies on other types or enumerators, which is not ` +
      `permitted; to resolve this, create a fully named wrap-only type${see('collection-api/set_type')}`,
  );
}

function hasDependencies(type: ThingType): boolean {
  return type.fields.some(({ restriction, nested, inner }) =>
    inner ? hasDependencies(inner) : typeof (nested ?? restriction).base !== 'string',
  );
}
