import { lookupError, operationError, valueError } from '../../model/errors.js';
import type { Collection } from '../../model/store/collection.js';
import type { Closure } from '../../model/values/closure.js';
import type { Field } from '../../model/values/field.js';
import type { ThingType } from '../../model/values/thing-type.js';
import type { Thing } from '../../model/values/thing.js';
import type { Packed, Wire } from '../../msgpack/wire.js';
import type { Query } from '../../runtime/query.js';
import { setOwn } from '../../runtime/wire/set-own.js';
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

/** All things of a type: stored ones, and those that only variables hold. */
export function thingsOf(query: Query, type: ThingType): Thing[] {
  // What nothing refers to any more is gone on a node at once.
  type.heap.settle(query.variableValues());
  const found = new Set(type.storedThings());
  for (const thing of query.thingsInVariables()) if (thing.type === type) found.add(thing);
  return [...found];
}

/** Throws -63 while a thing of the type may not change. */
export function requireNoThingInUse(query: Query, type: ThingType): void {
  if (!thingsOf(query, type).some(({ isInUse }) => isInUse)) return;
  throw operationError(`cannot change type \`${type.name}\` while one of the instances is in use`);
}

/** What `type_info` and `enum_info` tell of methods. */
export function methodsInfo(methods: ReadonlyMap<string, Closure>, withDefinition: boolean): Wire {
  const told: Record<string, Wire> = {};
  for (const [name, method] of methods) setOwn(told, name, closureInfo(method, withDefinition));
  return told;
}

/** What `type_info` tells. */
export function typeInfo(type: ThingType, withDefinition: boolean): Wire {
  const relations: Record<string, Wire> = {};
  for (const { name, relation } of type.fields) {
    if (!relation) continue;
    const { type: other, name: property, definition } = relation;
    setOwn(relations, name, { type: other.name, property, definition });
  }
  return {
    type_id: BigInt(type.id),
    name: type.name,
    wrap_only: type.isWrapOnly,
    hide_id: type.hidesId,
    auto_index: type.isIndexed,
    created_at: BigInt(type.createdAt),
    modified_at: type.modifiedAt === null ? null : BigInt(type.modifiedAt),
    fields: fieldForms(type, (packed) => packed),
    methods: methodsInfo(type.methods, withDefinition),
    relations,
  };
}

/** The properties of a type with their definitions, as `type_info` and dumps list them. */
export function fieldForms(type: ThingType, packedForm: (packed: Packed) => Wire): Wire[] {
  const id: Wire[] = type.idName === null ? [] : [[type.idName, '#']];
  return [
    ...id,
    ...type.fields.map(({ name, definition, packed }): Wire => [
      name,
      packed ? packedForm(packed) : definition,
    ]),
  ];
}

/** Throws -63 when things of another type always have a thing of this one. */
export function requireNotRequired(type: ThingType): void {
  const isRequired = (other: ThingType): boolean =>
    !other.isWrapOnly && other.fields.some((field) => dependsOn(field, type));
  if ([...type.heap.types.values()].some(isRequired)) {
    throw operationError(
      `type \`${type.name}\` is required by at least one other type without having \`wrap-only\` mode enabled`,
    );
  }
}

/** Whether things with this property always have a thing of the type. */
const dependsOn = ({ restriction, inner }: Field, type: ThingType): boolean =>
  !inner && restriction.base === type && !restriction.isNillable;
