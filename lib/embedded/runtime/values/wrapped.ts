import type { ThingType } from '../../store/thing-type.js';
import type { Thing } from './thing.js';

/** A thing seen through a type: only the properties of that type show. */
export class Wrapped {
  readonly kind = 'wrap';

  constructor(
    readonly type: ThingType,
    readonly thing: Thing,
  ) {}

  get typeName(): string {
    return `<${this.type.isDeleted ? 'thing' : this.type.name}>`;
  }
}
