import { cost, spendMemory } from '../budget.js';
import type { Session } from '../session.js';
import type { Heap } from './heap.js';

/** A room: sessions join it and are told what is emitted in it. */
export class Room {
  readonly kind = 'room';
  readonly typeName = 'room';
  id = 0n;
  refs = 0;
  name: string | null = null;
  readonly members = new Set<Session>();

  constructor(readonly heap: Heap | null) {
    spendMemory(cost.thing);
  }
}
