import { lookupError, see, typeError } from '../../model/errors.js';
import type { Field } from '../../model/values/field.js';
import { checkRelation, makeRelation } from '../../model/values/relation.js';
import { ThingType } from '../../model/values/thing-type.js';
import { typeName } from '../../model/values/value.js';
import type { Query } from '../../runtime/query.js';
import type { Change } from './mod-type.js';
import { requireNoThingInUse, thingsOf } from './type-helpers.js';

const PAGE = 'collection-api/mod_type/rel';

/** Makes or removes a relation between two properties. */
export function rel({ query, type, name, args }: Change): void {
  args.exactly(4, PAGE);
  const field = type.field(name);
  if (!field) throw lookupError(`type \`${type.name}\` has no property \`${name}\``);
  const value = args.value(query, 3);
  if (typeof value === 'string') addRelation(query, field, value);
  else if (value === null) removeRelation(query, field);
  else {
    throw typeError(
      `function \`${args.name}\` expects argument 4 to be of type \`str\` or type \`nil\` ` +
        `but got type \`${typeName(value)}\` instead${see(PAGE)}`,
    );
  }
}

function addRelation(query: Query, field: Field, name: string): void {
  const otherType = relatedType(field);
  const other = otherType.field(name);
  if (!other) throw lookupError(`type \`${otherType.name}\` has no property \`${name}\``);
  const back = relatedType(other);
  if (back !== field.type) {
    throw typeError(
      `failed to create relation; property \`${other.name}\` on type \`${otherType.name}\` is referring to type ` +
        `\`${back.name}\``,
    );
  }
  if (back !== otherType) requireUnlocked(query, otherType);
  const things = [...new Set([...thingsOf(query, field.type), ...thingsOf(query, otherType)])];
  checkRelation(field, other, things, query.thingsInVariables());
  field.relation = other;
  other.relation = field;
  makeRelation(field, other, things);
  otherType.modifiedAt = query.database.nowSeconds;
}

/** The type on the other side. Throws -61 for what cannot have a relation. */
function relatedType(field: Field): ThingType {
  const { restriction, nested } = field;
  const base = restriction.base === '{}' && !restriction.isNillable ? nested?.base : restriction.base;
  const isAllowed = restriction.base === '{}' ? !restriction.isNillable : restriction.isNillable;
  if (!(base instanceof ThingType) || !isAllowed || field.inner) {
    throw typeError(
      `relations may only be configured between restricted sets and/or nillable typed${see(PAGE)}`,
    );
  }
  if (field.relation) {
    throw typeError(`relation for \`${field.name}\` on type \`${field.type.name}\` already exists`);
  }
  return base;
}

function removeRelation(query: Query, field: Field): void {
  const other = field.relation;
  if (!other) throw typeError(`missing relation for \`${field.name}\` on type \`${field.type.name}\``);
  if (other.type !== field.type) requireUnlocked(query, other.type);
  field.relation = null;
  other.relation = null;
  other.type.modifiedAt = query.database.nowSeconds;
}

function requireUnlocked(query: Query, type: ThingType): void {
  requireNoThingInUse(query, type);
  type.requireUnused();
}
