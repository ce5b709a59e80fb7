import { valueError } from '../errors.js';
import { isUtf8 } from '../text.js';
import type { Regex } from './regex.js';
import type { Value } from './value.js';

interface Place {
  readonly name: string;
  readonly type: { readonly name: string };
}

/** A rule of a definition beyond the type. */
export interface Condition {
  /** Throws -60 when the value breaks the rule. */
  check(value: Value, place: Place): void;
  allows(value: Value): boolean;
}

const subject = (place: Place): string =>
  `mismatch in type \`${place.type.name}\`; property \`${place.name}\``;

/** `/pattern/`, and `email<...>` and its like, which have a `hint` of their own. */
export class PatternCondition implements Condition {
  constructor(
    readonly regex: Regex,
    readonly hint: string | null,
  ) {}

  allows(value: Value): boolean {
    return typeof value !== 'string' || this.regex.test(value);
  }

  check(value: Value, place: Place): void {
    if (this.allows(value)) return;
    throw valueError(
      `${subject(place)} ${this.hint ? `only accepts ${this.hint}` : `has a requirement to match pattern ${this.regex.text}`}`,
    );
  }
}

/** `int<min:max>` and `float<min:max>` */
export class RangeCondition implements Condition {
  constructor(
    readonly least: bigint | number,
    readonly most: bigint | number,
  ) {}

  allows(value: Value): boolean {
    if (typeof value !== 'bigint' && typeof value !== 'number') return true;
    return value >= this.least && value <= this.most;
  }

  check(value: Value, place: Place): void {
    if (typeof value !== 'bigint' && typeof value !== 'number') return;
    const what = typeof this.least === 'bigint' ? 'an integer' : 'a float';
    const between = `${subject(place)} requires ${what} value between ${show(this.least)} and ${show(this.most)}`;
    if (value < this.least || value > this.most) throw valueError(`${between} (both inclusive)`);
    if (Number.isNaN(value)) throw valueError(`${between} but got nan (not a number)`);
  }
}

/** `str<min:max>` and `utf8<min:max>` */
export class LengthCondition implements Condition {
  constructor(
    readonly least: number,
    readonly most: number,
    readonly requiresUtf8: boolean,
  ) {}

  allows(value: Value): boolean {
    if (typeof value !== 'string') return true;
    if (this.requiresUtf8 && !isUtf8(value)) return false;
    return value.length >= this.least && value.length <= this.most;
  }

  check(value: Value, place: Place): void {
    if (typeof value !== 'string') return;
    if (this.requiresUtf8 && !isUtf8(value))
      throw valueError(`${subject(place)} only accepts valid UTF8 data`);
    if (value.length >= this.least && value.length <= this.most) return;
    const rule =
      this.most === Infinity
        ? `of at least ${this.least}`
        : this.least === this.most
          ? `of ${this.least}`
          : `between ${this.least} and ${this.most} (both inclusive)`;
    throw valueError(`${subject(place)} requires a string with a length ${rule}`);
  }
}

function show(value: bigint | number): string {
  if (typeof value === 'bigint') return String(value);
  return Number.isFinite(value) ? value.toFixed(6) : value > 0 ? 'inf' : '-inf';
}
