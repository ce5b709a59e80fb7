import type { TimeZone } from '../time-zone.js';

/** A moment in whole seconds. A `timeval` is the same, but leaves the engine as a number. */
export class DateTime {
  readonly kind = 'datetime';

  constructor(
    /** Seconds since the epoch. */
    readonly seconds: number,
    /** Minutes east of Greenwich. */
    readonly offset: number,
    readonly zone: TimeZone | null,
    readonly isTimeval: boolean,
  ) {}

  get typeName(): string {
    return this.isTimeval ? 'timeval' : 'datetime';
  }
}
