import type { Packed } from '../../msgpack/wire.js';
import { typeError, valueError } from '../errors.js';
import type { ThingsError } from '../things-error.js';
import { assignable } from './assignable.js';
import type { Condition } from './condition.js';
import { relateSet, relateThing } from './relation.js';
import type { Mismatch, Restriction } from './restriction.js';
import type { ThingType } from './thing-type.js';
import type { Thing } from './thing.js';
import { typeName, type Value } from './value.js';

/** What the letters before a definition ask for when a thing is wrapped. */
export interface WrapFlags {
  readonly sameDepth: boolean;
  readonly minDepth: boolean;
  readonly maxDepth: boolean;
  readonly withoutIds: boolean;
  readonly enumName: boolean;
  readonly skipNil: boolean;
  readonly skipFalse: boolean;
}

/** A property of a type: its name, and what it may hold. */
export class Field {
  /** The other side of a relation. */
  relation: Field | null = null;

  constructor(
    readonly type: ThingType,
    public name: string,
    /** The definition as it was written: `[Inner]`, `str<1:10>`, `int?`. */
    readonly definition: string,
    readonly flags: WrapFlags,
    readonly restriction: Restriction,
    /** For lists, sets and `thing<...>`: what is allowed inside; `null` for anything. */
    readonly nested: Restriction | null,
    /** A rule beyond the type: a pattern or a range. */
    readonly condition: Condition | null,
    readonly defaultValue: () => Value,
    /** Of a property that is defined by a thing or a list with one: what things are wrapped by. */
    readonly inner: ThingType | null = null,
    /** What {@link inner} was made from. */
    readonly packed: Packed | null = null,
  ) {}

  /** Marks a fresh value as stored in a property of `parent`. */
  own(value: Value, parent: Thing): Value {
    if (typeof value === 'object' && value !== null && (value.kind === 'list' || value.kind === 'set')) {
      value.parent = parent;
      value.field = this;
    }
    return value;
  }

  /** The value as this property holds it. Throws -61 or -60 when it does not fit. */
  assign(value: Value, parent: Thing): Value {
    const { relation } = this;
    if (value === null && this.restriction.isNillable) {
      if (relation) relateThing(this, relation, null, parent);
      return null;
    }
    const mismatch = this.restriction.mismatch(value);
    if (mismatch) throw this.#error(mismatch, value);
    this.condition?.check(value, this);
    if (typeof value !== 'object' || value === null) return value;
    if (this.restriction.base === 'any' && value.kind === 'future') {
      throw typeError(
        `${this.#subject('allows `any` type with the exception of the `future` and `module` type')}`,
      );
    }
    if (this.nested) {
      if (value.kind === 'list') this.#checkAll(value.items, 'an array');
      if (value.kind === 'set') this.checkSet(value.things);
      if (value.kind === 'thing') this.#restrict(value);
    }
    if (relation && value.kind === 'thing') relateThing(this, relation, value, parent);
    const owned = assignable(value, parent, this);
    if (relation && value.kind === 'set') relateSet(this, relation, value.things, parent);
    return owned;
  }

  #checkAll(items: readonly Value[], what: string): void {
    for (const item of items) {
      const mismatch = (this.nested as Restriction).mismatch(item);
      if (mismatch === 'type') {
        const inside = what === 'an array' ? 'items' : 'values';
        throw typeError(
          this.#subject(`requires ${what} with ${inside} that matches definition \`${this.definition}\``),
        );
      }
      if (mismatch) throw valueError(this.#subject(`requires ${what} with ${pluralRules[mismatch]}`));
    }
  }

  /** Throws -61 for things that a set with this definition may not hold. */
  checkSet(things: ReadonlySet<Thing>): void {
    for (const thing of things) {
      if (this.nested?.allows(thing) ?? true) continue;
      throw typeError(
        this.#subject(
          `has definition \`${this.definition}\` but got a set with at least one thing of another type`,
        ),
      );
    }
  }

  /** `thing<...>`: the thing is restricted from now on. */
  #restrict(thing: Thing): void {
    if (thing.type) {
      throw typeError(this.#subject(`requires a non-typed thing but got type \`${thing.type.name}\``));
    }
    if (thing.restriction?.equals(this.nested as Restriction)) return;
    if (thing.restriction) {
      throw valueError(
        `mismatch in type \`${this.type.name}\` on property \`${this.name}\`; restriction mismatch`,
      );
    }
    this.#checkAll(thing.values, 'a thing');
    thing.restriction = this.nested;
  }

  #error(mismatch: Mismatch, value: Value): ThingsError {
    if (mismatch !== 'type') return valueError(this.#subject(`only accepts ${singularRules[mismatch]}`));
    return typeError(
      `mismatch in type \`${this.type.name}\`; type \`${typeName(value)}\` is invalid for property ` +
        `\`${this.name}\` with definition \`${this.definition}\``,
    );
  }

  #subject(rule: string): string {
    return `mismatch in type \`${this.type.name}\`; property \`${this.name}\` ${rule}`;
  }
}

const singularRules: Readonly<Record<Exclude<Mismatch, 'type'>, string>> = {
  utf8: 'valid UTF8 data',
  uint: 'integer values greater than or equal to 0',
  pint: 'positive integer values',
  nint: 'negative integer values',
  email: 'an email address',
  url: 'a URL',
  tel: 'a telephone number',
};

const pluralRules: Readonly<Record<Exclude<Mismatch, 'type'>, string>> = {
  utf8: 'UTF8 string values',
  uint: 'integer values greater than or equal to 0',
  pint: 'positive integer values',
  nint: 'negative integer values',
  email: 'email addresses',
  url: "URL's",
  tel: 'telephone numbers',
};
