import type { Packed } from '../../msgpack/wire.js';
import type { ThingType } from './thing-type.js';

/** A wrap-only type without a name, written `&{...}`. */
export class AnonymousType {
  readonly kind = 'ano';
  readonly typeName = '<anonymous>';
  constructor(
    readonly type: ThingType,
    /** What it was made from; the same for equal ones. */
    readonly packed: Packed,
  ) {}

  /** The definition as text, which equal ones have in common. */
  get definition(): string {
    return Buffer.from(this.packed.bytes).toString('latin1');
  }
}
