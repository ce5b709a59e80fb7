import type { EnumType } from './enum-type.js';
import type { Value } from './value.js';

/** A member of an enumeration. */
export class EnumMember {
  readonly kind = 'member';

  constructor(
    readonly enumType: EnumType,
    public name: string,
    public value: Value,
  ) {}

  get typeName(): string {
    return this.enumType.name;
  }
}
