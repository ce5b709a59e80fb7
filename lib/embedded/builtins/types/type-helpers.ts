import type { Wire } from '../../engine.js';
import { lookupError, see, typeError, valueError } from '../../runtime/errors.js';
import type { Query } from '../../runtime/query.js';
import type { Thing } from '../../runtime/values/thing.js';
import type { Value } from '../../runtime/values/value.js';
import { typeName } from '../../runtime/values/value.js';
import type { Collection } from '../../store/collection.js';
import { readDefinition } from '../../store/definition.js';
import type { Field } from '../../store/field.js';
import type { ThingType } from '../../store/thing-type.js';
import { closureInfo } from '../procedures/procedures.js';

/** Names that types and enumerations may not have. */
const reserved: ReadonlySet<string> = new Set(
  (
    'ano any big bool break bytes catch closure continue date datetime else email enum error false final float for ' +
    'future if in int interface list module mpdata nil nint number pint raw regex return room set str task tel thing ' +
    'time timedelta timeval trait true try tuple type typed uint union url utf8'
  ).split(' '),
);

/** Throws -60 for a reserved name, -54 for one that a type or enumeration has. */
export function requireFreeName(collection: Collection, name: string): void {
  if (reserved.has(name)) throw valueError(`name \`${name}\` is reserved`);
  if (collection.types.has(name)) throw lookupError(`type \`${name}\` already exists`);
  if (collection.enums.has(name)) throw lookupError(`enum \`${name}\` already exists`);
}

export function defineField(
  query: Query,
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
      now: () => query.database.nowSeconds,
      closure: () => query.database.programs.closure('||nil', 'collection'),
    });
  } finally {
    type.isWrapOnly = isWrapOnly;
  }
}

/** Adds a property or a method to a type that is being made. */
export function addMember(query: Query, type: ThingType, name: string, value: Value): void {
  if (type.has(name)) {
    throw valueError(
      `property or method \`${name}\` already exists on type \`${type.name}\`${see('data-types/typed')}`,
    );
  }
  if (value === '#') {
    if (type.idName !== null) throw lookupError(`multiple Id ('#') definitions on type \`${type.name}\``);
    type.idName = name;
  } else if (typeof value === 'string') {
    type.fields.push(defineField(query, type, name, value));
    type.reindex();
  } else if (typeof value === 'object' && value?.kind === 'closure') {
    value.isStored = true;
    type.methods.set(name, value);
  } else {
    throw typeError(
      'expecting a method of type `closure` or a definition of type `str` ' +
        `but got type \`${typeName(value)}\` instead${see('data-types/typed')}`,
    );
  }
}

/** All things of a type: stored ones, and those that only variables hold. */
export function thingsOf(query: Query, type: ThingType): Thing[] {
  const found = new Set<Thing>();
  for (const thing of type.collection.things.values()) if (thing.type === type) found.add(thing);
  const seen = new Set<Value>();
  const waiting: Value[] = [...query.variableValues()];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    if (next.kind === 'list') waiting.push(...next.items);
    if (next.kind === 'set') waiting.push(...next.things);
    if (next.kind !== 'thing' || next.id) continue;
    if (next.type === type) found.add(next);
    waiting.push(...next.values);
  }
  return [...found];
}

/** What `type_info` tells. */
export function typeInfo(type: ThingType, withDefinition: boolean): Wire {
  const methods: Record<string, Wire> = {};
  for (const [name, method] of type.methods) methods[name] = closureInfo(method, withDefinition);
  const relations: Record<string, Wire> = {};
  for (const { name, relation } of type.fields) {
    if (!relation) continue;
    relations[name] = { type: relation.type.name, property: relation.name, definition: relation.definition };
  }
  const idField: Wire[] = type.idName === null ? [] : [[type.idName, '#']];
  return {
    type_id: BigInt(type.id),
    name: type.name,
    wrap_only: type.isWrapOnly,
    hide_id: type.hidesId,
    auto_index: type.isIndexed,
    created_at: BigInt(type.createdAt),
    modified_at: type.modifiedAt === null ? null : BigInt(type.modifiedAt),
    fields: [...idField, ...type.fields.map(({ name, definition }): Wire => [name, definition])],
    methods,
    relations,
  };
}
