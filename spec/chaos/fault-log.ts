import type { FaultKind } from './fault-kinds.js';
import type { HistoryWriter } from './history.js';

/** What is said of a fault when it begins. */
export interface FaultDescription {
  readonly target?: string | undefined;
  readonly detail?: string | undefined;
  readonly lostSinceMs?: number | undefined;
}

/** Notes every fault around what is done: it is in the history before it has an effect, and until it has none. */
export class FaultLog {
  readonly #history: HistoryWriter;
  #count = 0;

  constructor(history: HistoryWriter) {
    this.#history = history;
  }

  /** One that was found out when it was over. */
  note(kind: FaultKind, description: FaultDescription, fromMs: number, toMs: number): void {
    const fault = ++this.#count;
    this.#history.record({ event: 'fault-began', fault, kind, ...description }, fromMs);
    this.#history.record({ event: 'fault-ended', fault }, toMs);
  }

  async around(
    kind: FaultKind,
    description: FaultDescription,
    action: () => Promise<unknown>,
  ): Promise<void> {
    const fault = ++this.#count;
    this.#history.record({ event: 'fault-began', fault, kind, ...description });
    try {
      await action();
    } finally {
      this.#history.record({ event: 'fault-ended', fault });
    }
  }
}
