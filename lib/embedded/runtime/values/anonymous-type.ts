import type { ThingType } from '../../store/thing-type.js';

/** A wrap-only type without a name, written `&{...}`. */
export class AnonymousType {
  readonly kind = 'ano';
  readonly typeName = '<anonymous>';
  constructor(
    readonly type: ThingType,
    /** What makes two of them equal. */
    readonly definition: string,
  ) {}
}
