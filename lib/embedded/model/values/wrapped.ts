import type { ThingType } from './thing-type.js';
import type { Thing } from './thing.js';

/** A thing seen through a type: only the properties of that type show. */
export class Wrapped {
  readonly kind = 'wrap';

  constructor(
    readonly type: ThingType,
    readonly thing: Thing,
  ) {}

  /** The type, or the one that has its name again; `null` when there is none any more. */
  get currentType(): ThingType | null {
    const { type } = this;
    return type.isDeleted ? type.heap.typeById(type.id) : type;
  }

  get typeName(): string {
    return `<${this.currentType?.name ?? 'thing'}>`;
  }
}
