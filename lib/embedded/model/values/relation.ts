import { typeError } from '../errors.js';
import type { Field } from './field.js';
import type { ThingSet } from './thing-set.js';
import type { ThingType } from './thing-type.js';
import type { Thing } from './thing.js';
import type { Value } from './value.js';

/**
 * A relation keeps two properties in step: what one thing refers to refers back to it. Each side is a set of things of
 * the other type, or one thing of it.
 */

const isSet = (field: Field): boolean => field.restriction.base === '{}';

/** Where the things of a field's type have its value. */
const positionOf = (field: Field): number => field.type.position(field.name);

/** The thing that a property refers to. */
function thingIn(field: Field, thing: Thing): Thing | null {
  const value = thing.values[positionOf(field)];
  return typeof value === 'object' && value?.kind === 'thing' ? value : null;
}

/** The set that a property holds; none while the thing is being made. */
function setIn(field: Field, thing: Thing): ThingSet | null {
  const value = thing.values[positionOf(field)];
  return typeof value === 'object' && value?.kind === 'set' ? value : null;
}

/** `field` of `thing` refers to `other` from now on. */
function link(field: Field, thing: Thing, other: Thing): void {
  if (!isSet(field)) put(thing, positionOf(field), other);
  else {
    const set = setIn(field, thing);
    if (set && !set.things.has(other)) include(set, other);
  }
}

/** `field` of `thing` does not refer to `other` any more. */
function unlink(field: Field, thing: Thing, other: Thing): void {
  if (!isSet(field)) put(thing, positionOf(field), null);
  else if (field.relation !== field || thing !== other) {
    const set = setIn(field, thing);
    if (set) exclude(set, other);
  }
}

function put(thing: Thing, at: number, value: Value): void {
  if (thing.heap) thing.heap.setAt(thing, at, value);
  else thing.values[at] = value;
}

function include(set: ThingSet, thing: Thing): void {
  set.things.add(thing);
  if (set.isStored) set.parent?.heap?.attach(thing);
}

function exclude(set: ThingSet, thing: Thing): boolean {
  if (!set.things.delete(thing)) return false;
  if (set.isStored) set.parent?.heap?.detach(thing);
  return true;
}

/** Adds a thing to a set, and what has to follow from it. Throws -61 for a relation of a thing that is not stored. */
export function addToSet(set: ThingSet, thing: Thing): boolean {
  const { field, parent } = set;
  const other = field?.relation;
  if (field && other && parent) {
    if (!parent.id) throw typeError(NEEDS_STORED);
    if (isSet(other)) {
      if (field !== other || thing !== parent) link(other, thing, parent);
    } else takeOver(field, other, thing, parent);
  }
  if (set.things.has(thing)) return false;
  include(set, thing);
  return true;
}

/** Removes a thing from a set, and what has to follow from it. */
export function removeFromSet(set: ThingSet, thing: Thing): boolean {
  if (!exclude(set, thing)) return false;
  if (set.field?.relation && set.parent) unlink(set.field.relation, thing, set.parent);
  return true;
}

/** `thing` leaves the set that it is in, and belongs to that of `parent`. */
function takeOver(field: Field, other: Field, thing: Thing, parent: Thing): void {
  const before = thingIn(other, thing);
  if (before) unlink(field, before, thing);
  link(other, thing, parent);
}

/** `set |= other` and its like: the set itself changes. Throws -61 for things that a restricted set may not hold. */
export function changeSet(set: ThingSet, things: ReadonlySet<Thing>, isUnion: boolean): void {
  const { field, parent } = set;
  if (field && isUnion) field.checkSet(things);
  if (field?.relation && parent && things.size) requireStored(field, parent);
  for (const thing of [...set.things]) if (!things.has(thing)) removeFromSet(set, thing);
  for (const thing of things) if (!set.things.has(thing)) addToSet(set, thing);
}

const NEEDS_STORED = 'relations must be created using a property on a stored thing (a thing with an Id)';

function requireStored(field: Field, parent: Thing): void {
  if (parent.id) return;
  throw typeError(`mismatch in type \`${field.type.name}\` on property \`${field.name}\`; ${NEEDS_STORED}`);
}

/** The property of `parent` is about to refer to `value`: what refers back to it is brought in step. */
export function relateThing(field: Field, other: Field, value: Thing | null, parent: Thing): void {
  if (value) requireStored(field, parent);
  const before = thingIn(field, parent);
  if (before) unlink(other, before, parent);
  if (!value) return;
  if (!isSet(other)) {
    const previous = thingIn(other, value);
    if (previous) unlink(field, previous, value);
  }
  link(other, value, parent);
}

/** The property of `parent` is about to hold these things: what refers back to it is brought in step. */
export function relateSet(field: Field, other: Field, things: ReadonlySet<Thing>, parent: Thing): void {
  if (things.size) requireStored(field, parent);
  const before = new Set(setIn(field, parent)?.things);
  for (const thing of things) {
    if (before.has(thing)) continue;
    if (isSet(other)) link(other, thing, parent);
    else takeOver(field, other, thing, parent);
  }
  for (const thing of before) if (!things.has(thing)) unlink(other, thing, parent);
}

/** Whether the things in a set refer back. It may change by what happens to them while it is walked over. */
export const hasRelation = (set: ThingSet): boolean => !!set.field?.relation && set.parent !== null;

/**
 * Throws -61 when things do not fit a relation between the two properties. It checks stored things, and those that
 * variables hold.
 */
export function checkRelation(
  field: Field,
  other: Field,
  things: readonly Thing[],
  held: Iterable<Thing>,
): void {
  for (const thing of held) {
    if (!thing.id) throw typeError(`failed to create relation; ${NEEDS_STORED}`);
  }
  if (isSet(field) && isSet(other)) return;
  if (!isSet(field) && !isSet(other)) {
    for (const thing of things) {
      if (thing.type === field.type) checkPair(field, other, thing);
      if (thing.type === other.type) checkPair(other, field, thing);
    }
  } else if (isSet(field)) checkSets(other, field, things);
  else checkSets(field, other, things);
}

function checkPair(field: Field, other: Field, thing: Thing): void {
  const second = thingIn(field, thing);
  const back = second && thingIn(other, second);
  if (!back || back === thing) return;
  throw typeError(
    `failed to create relation; property \`${field.name}\` on \`#${thing.id}\` is referring to \`#${second.id}\` ` +
      `while property \`${other.name}\` on \`#${second.id}\` is referring to \`#${back.id}\``,
  );
}

/** @param single the property that refers to one thing; @param many the other one */
function checkSets(single: Field, many: Field, things: readonly Thing[]): void {
  const taken = new Set<Thing>();
  for (const parent of things) {
    if (parent.type !== many.type) continue;
    for (const thing of setIn(many, parent)?.things ?? []) {
      const owner = thingIn(single, thing);
      if (owner && owner !== parent) {
        throw typeError(
          `failed to create relation; thing \`#${thing.id}\` belongs to a set \`${many.name}\` on \`#${parent.id}\` ` +
            `but is referring to \`#${owner.id}\``,
        );
      }
      if (taken.has(thing)) {
        throw typeError(
          `failed to create relation; thing \`#${thing.id}\` belongs to at least two different sets; ` +
            `(property \`${many.name}\` on type \`${many.type.name}\`)`,
        );
      }
      taken.add(thing);
    }
  }
}

/** Brings the things that exist already in step. */
export function makeRelation(field: Field, other: Field, things: readonly Thing[]): void {
  for (const thing of things) {
    if (thing.type === field.type) referBack(field, other, thing);
    if (thing.type === other.type) referBack(other, field, thing);
  }
}

function referBack(field: Field, other: Field, thing: Thing): void {
  if (isSet(field)) for (const item of [...(setIn(field, thing)?.things ?? [])]) link(other, item, thing);
  else {
    const item = thingIn(field, thing);
    if (item) link(other, item, thing);
  }
}

/** The relations of a type, as pairs of properties. Of the two types, only one has the relation: that with the lesser id. */
export function relationsFrom({ fields, id }: ThingType): (readonly [field: Field, other: Field])[] {
  return fields.flatMap((field, at) => {
    const other = field.relation;
    if (!other || other.type.id < id) return [];
    const isSecondSide = other.type.id === id && fields.indexOf(other) < at;
    return isSecondSide ? [] : [[field, other] as const];
  });
}
