import { Alarm } from '../async/alarm.js';
import type { Ticket } from './ticket.js';

/** The requests of this manager that wait for the same names, first come first, and when to ask after them. */
interface Line {
  readonly tickets: Set<Ticket>;
  readonly alarm: Alarm;
}

/** Who waits here, in lines by what is waited for. Only the first of a line asks, for all in it. */
export class WaitingLines {
  readonly #ask: (first: Ticket) => void;
  readonly #lines = new Map<string, Line>();

  constructor(ask: (first: Ticket) => void) {
    this.#ask = ask;
  }

  get areEmpty(): boolean {
    return this.#lines.size === 0;
  }

  get tickets(): Ticket[] {
    return [...this.#lines.values()].flatMap((line) => [...line.tickets]);
  }

  enter(ticket: Ticket): void {
    const key = ticket.lineKey;
    let line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, (line = { tickets: new Set(), alarm: new Alarm() }));
    line.tickets.add(ticket);
    this.arm(ticket);
  }

  /** Without effect on one that is in no line. */
  leave(ticket: Ticket): void {
    const key = ticket.lineKey;
    const line = this.#lines.get(key);
    if (line === undefined || !line.tickets.delete(ticket)) return;
    const [next] = line.tickets;
    if (next === undefined) {
      line.alarm.clear();
      this.#lines.delete(key);
    } else {
      // The first has asked for all: what it was told last is newer than what the next was told when it came.
      const isAsking = ticket.asksAtMs === Infinity;
      next.asksAtMs = isAsking ? performance.now() : Math.max(ticket.asksAtMs, next.asksAtMs);
      this.arm(next);
    }
  }

  /** The first of a line asks for all in it, and no later than this one is to. */
  arm(ticket: Ticket): void {
    const line = this.#lines.get(ticket.lineKey);
    const [first] = line?.tickets ?? [];
    if (line === undefined || first === undefined) return;
    first.asksAtMs = Math.min(first.asksAtMs, ticket.asksAtMs);
    line.alarm.set(first.asksAtMs, () => {
      // Until the answer sets it anew.
      first.asksAtMs = Infinity;
      this.#ask(first);
    });
  }
}
