import type { SpanContext } from '@opentelemetry/api';
import type { AcquireTrace, LockMessage, ManagerInfo } from '../diagnostics/messages.js';

/** One name that somebody of this process waits for. */
interface Line {
  waiting: number;
  /** The lease that ended last, and how many had ended by then. */
  last: SpanContext | undefined;
  ended: number;
}

/**
 * Which lease of this process ended last while another request of it waited for the same name. Leases of other processes
 * may have come in between: the request has waited for all of them. Remembers no more than there are names waited for.
 */
export class HandOvers {
  readonly #lines = new WeakMap<ManagerInfo, Map<string, Line>>();
  /** For each of its names, how many leases had ended when it began. */
  readonly #begun = new Map<AcquireTrace, number[]>();

  begin(acquire: AcquireTrace): void {
    const lines = this.#linesOf(acquire);
    const begun = acquire.names.map((name) => {
      let line = lines.get(name);
      if (line === undefined) lines.set(name, (line = { waiting: 0, last: undefined, ended: 0 }));
      line.waiting++;
      return line.ended;
    });
    this.#begun.set(acquire, begun);
  }

  /** A lease has ended, or is about to. */
  ended(hold: LockMessage, span: SpanContext): void {
    const lines = this.#linesOf(hold);
    for (const name of hold.names) {
      const line = lines.get(name);
      if (line === undefined) continue;
      line.last = span;
      line.ended++;
    }
  }

  /** The leases that a request has waited for, each once. */
  before(acquire: AcquireTrace): readonly SpanContext[] {
    const lines = this.#linesOf(acquire);
    const begun = this.#begun.get(acquire) ?? [];
    const found = new Set<SpanContext>();
    acquire.names.forEach((name, i) => {
      const line = lines.get(name);
      if (line?.last !== undefined && line.ended > (begun[i] ?? Infinity)) found.add(line.last);
    });
    return [...found];
  }

  /** The request waits no more. */
  end(acquire: AcquireTrace): void {
    if (!this.#begun.delete(acquire)) return;
    const lines = this.#linesOf(acquire);
    for (const name of acquire.names) {
      const line = lines.get(name);
      if (line !== undefined && --line.waiting === 0) lines.delete(name);
    }
  }

  #linesOf({ manager }: LockMessage): Map<string, Line> {
    const known = this.#lines.get(manager);
    if (known !== undefined) return known;
    const lines = new Map<string, Line>();
    this.#lines.set(manager, lines);
    return lines;
  }
}
