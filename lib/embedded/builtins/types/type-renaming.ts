import { printCompact } from '../../language/printer.js';
import type { Collection } from '../../model/store/collection.js';
import type { Database } from '../../model/store/database.js';
import type { EnumMember } from '../../model/values/enum-member.js';
import type { EnumType } from '../../model/values/enum-type.js';
import { Field } from '../../model/values/field.js';
import type { ThingType } from '../../model/values/thing-type.js';
import { WireEncoder } from '../../msgpack/wire-encoder.js';
import { Packed, type Wire } from '../../msgpack/wire.js';
import { defineField } from '../../runtime/types/type-members.js';
import { setOwn } from '../../runtime/wire/set-own.js';

/** After a type or an enumeration got another name: all definitions that name it are written anew. */
export function renameInDefinitions(
  database: Database,
  collection: Collection,
  renamed: ThingType | EnumType,
): void {
  const rename = (type: ThingType): boolean => {
    let isChanged = false;
    type.fields.forEach((field, at) => {
      if (field.inner && rename(field.inner)) {
        type.fields[at] = repacked(field, field.inner);
        isChanged = true;
      }
      const { base } = field.nested ?? field.restriction;
      if (base !== renamed && field.restriction.base !== renamed) return;
      isChanged = true;
      replaceField(
        type,
        at,
        defineField(database, type, field.name, withName(field.definition, renamed.name), true),
      );
    });
    type.reindex();
    return isChanged;
  };
  for (const type of collection.types.values()) rename(type);
}

/** Properties whose definition names a member as its default: `Color{RED}`. */
function* fieldsWithDefault(enumType: EnumType, name: string): Iterable<readonly [ThingType, number, Field]> {
  for (const type of enumType.heap.types.values()) {
    for (const [at, field] of type.fields.entries()) {
      if (field.restriction.base === enumType && new RegExp(`\\{${name}\\}\\??$`).test(field.definition)) {
        yield [type, at, field];
      }
    }
  }
}

/** Whether a definition names the member as its default. */
export function isDefault({ enumType, name }: EnumMember): boolean {
  return [...fieldsWithDefault(enumType, name)].length > 0;
}

/** After a member got another name: definitions with it as their default are written anew. */
export function renameDefault(database: Database, enumType: EnumType, from: string, to: string): void {
  for (const [type, at, field] of fieldsWithDefault(enumType, from)) {
    const definition = field.definition.replace(`{${from}}`, `{${to}}`);
    replaceField(type, at, defineField(database, type, field.name, definition, true));
    type.reindex();
  }
}

/** A definition with another name of a type in it. */
const withName = (definition: string, name: string): string =>
  definition.replace(/^([&\-+^*?!]*(?:\[|\{|thing<)?)[A-Za-z_]\w*/, `$1${name}`);

/** The same property with the definition that its types have by now. */
function repacked(field: Field, inner: ThingType): Field {
  const { type, name, definition, flags, restriction, defaultValue } = field;
  const packed = new Packed(WireEncoder.encode(definitionOf(field, inner)));
  return new Field(type, name, definition, flags, restriction, null, null, defaultValue, inner, packed);
}

function definitionOf(field: Field, inner: ThingType): Wire {
  const members: Record<string, Wire> = inner.idName === null ? {} : { [inner.idName]: '#' };
  for (const item of inner.fields) {
    setOwn(members, item.name, item.inner ? definitionOf(item, item.inner) : item.definition);
  }
  for (const [name, method] of inner.methods) setOwn(members, name, printCompact(method.source, method.node));
  return field.restriction.base === '[]' ? [members] : members;
}

/** Puts a definition in place of another that means the same; a relation goes on. */
function replaceField(type: ThingType, at: number, field: Field): void {
  const before = type.fields[at];
  type.fields[at] = field;
  const other = before?.relation;
  if (!other) return;
  // A property may be related to itself.
  const partner = other === before ? field : other;
  field.relation = partner;
  partner.relation = field;
}
