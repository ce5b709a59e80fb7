import { cost, spendMemory } from '../budget.js';
import type { Session } from '../../engine.js';
import type { Collection } from '../../store/collection.js';

/** A room: sessions join it and are told what is emitted in it. */
export class Room {
  readonly kind = 'room';
  readonly typeName = 'room';
  id = 0n;
  refs = 0;
  name: string | null = null;
  readonly members = new Set<Session>();

  constructor(readonly collection: Collection | null) {
    spendMemory(cost.thing);
  }
}
