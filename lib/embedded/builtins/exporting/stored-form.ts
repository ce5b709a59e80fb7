import type { Collection } from '../../model/store/collection.js';
import { EnumType } from '../../model/values/enum-type.js';
import { baseNames, Restriction } from '../../model/values/restriction.js';
import { ThingType } from '../../model/values/thing-type.js';

/** How a node writes what it stores: maps with one key, which says what they hold. */
export const kindKey = {
  typedThing: '.',
  thing: ',',
  set: '$',
  error: '!',
  wrapped: '&',
  wrappedAnonymous: ' ',
  member: '%',
  dateTime: "'",
  timeValue: '"',
} as const;

/** The steps that a dump consists of; the numbers are those of ThingsDB. */
export const step = {
  relation: 25,
  procedure: 32,
  newType: 35,
  setType: 51,
  task: 59,
  taskArguments: 63,
  newEnum: 75,
  enumData: 76,
  root: 77,
  roomName: 79,
} as const;

/** The version of the form that dumps have, and of the ThingsDB that it was taken from. */
export const DUMP_SCHEMA = 1500n;
export const DUMP_VERSION = '1.9.3';

/** Values inside each other: reading and writing them is recursive. */
export const MAX_STORED_DEPTH = 200;

const FIRST_BASE = 0x4000;
const ENUM_FLAG = 0x6000;
const NILLABLE_FLAG = 0x8000;

/**
 * A restriction as a number. A type by its id, what the language knows from 0x4000 on, an enumeration from 0x6000 on.
 */
export function restrictionCode(restriction: Restriction | null): bigint {
  if (!restriction) return BigInt(FIRST_BASE);
  const { base, isNillable } = restriction;
  return BigInt(baseCode(base) | (isNillable ? NILLABLE_FLAG : 0));
}

function baseCode(base: Restriction['base']): number {
  if (base instanceof ThingType) return base.id;
  return base instanceof EnumType ? base.id | ENUM_FLAG : FIRST_BASE + baseNames.indexOf(base);
}

/** The other way round; `null` for no restriction, and for what is not known. */
export function restrictionOf(code: bigint, collection: Collection): Restriction | null {
  const number = Number(code) & ~NILLABLE_FLAG;
  const isNillable = (Number(code) & NILLABLE_FLAG) !== 0;
  if (number === FIRST_BASE) return null;
  if (number >= ENUM_FLAG) {
    const found = [...collection.enums.values()].find(({ id }) => id === number - ENUM_FLAG);
    return found ? new Restriction(found, isNillable) : null;
  }
  if (number < FIRST_BASE) {
    const found = collection.typeById(number);
    return found ? new Restriction(found, isNillable) : null;
  }
  const name = baseNames[number - FIRST_BASE];
  return name ? new Restriction(name, isNillable) : null;
}
