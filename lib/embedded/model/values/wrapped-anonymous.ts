import type { AnonymousType } from './anonymous-type.js';
import type { Thing } from './thing.js';

/** A thing seen through an anonymous type. */
export class WrappedAnonymous {
  readonly kind = 'wano';
  readonly typeName = '<<anonymous>>';
  constructor(
    readonly ano: AnonymousType,
    readonly thing: Thing,
  ) {}
}
