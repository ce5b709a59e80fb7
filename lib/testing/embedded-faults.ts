import { type FaultOrders, Faults } from '../embedded/protocol/faults.js';
import type { ChangeHistory } from './change-history.js';

/** All faults that a test can order of an embedded server. */
export interface EmbeddedFaultOrders extends FaultOrders {
  /**
   * Goes back to what was stored before the last `count` changes and cuts all connections. Clients of a single node see
   * the same when it was killed before it had written its changes down.
   *
   * @throws RangeError for more changes than the option `history` keeps
   */
  forgetLastChanges(count: number): void;
}

/** Carries the orders out, those for the network and those for what is stored. */
export class EmbeddedFaults extends Faults implements EmbeddedFaultOrders {
  readonly #history: ChangeHistory;

  constructor(history: ChangeHistory) {
    super();
    this.#history = history;
  }

  forgetLastChanges(count: number): void {
    this.#history.forget(count);
    this.cutConnections();
  }
}
