import assert from 'node:assert';
import { labelOf, type Ticket } from './lock-state.js';

/**
 * What must be true after every change, whatever the procedures and the model make of it. In its own words: it uses
 * none of the model's.
 */
export class Laws {
  /** Of those who held after the change before. */
  #tokens = new Set<number>();
  #greatestToken = 0;

  /** @param tickets all that there are, in the order in which they came @param stealer may be granted before others */
  assertKept(tickets: readonly Ticket[], stealer?: string): void {
    const lines = linesOf(tickets);
    for (const [name, { held, waiting }] of lines) {
      assert.ok(held.every(isWithin(held)), `more hold ${name} than may`);
      for (const ticket of held) {
        const { key, entry, lease } = ticket;
        if (labelOf(ticket) === stealer || this.#tokens.has(lease?.token ?? NaN)) continue;
        const passed = waiting.find((other) => other.entry < entry);
        assert.equal(passed?.key, undefined, `${key} was granted ${name} before an older request`);
      }
    }
    for (const ticket of tickets.filter(({ state }) => state === 'waiting')) {
      const isStuck = ticket.names.every((name) => {
        const { held = [], waiting = [] } = lines.get(name) ?? {};
        return waiting[0] === ticket && [...held, ticket].every(isWithin([...held, ticket]));
      });
      assert.ok(!isStuck, `${ticket.key} waits for nobody`);
    }
    this.#assertTokensGrow(tickets.flatMap(({ lease }) => lease?.token ?? []));
  }

  /** The server has gone back to an older state: whoever holds there was granted it before. */
  resume(tickets: readonly Ticket[]): void {
    this.#tokens = new Set(tickets.flatMap(({ lease }) => lease?.token ?? []));
  }

  #assertTokensGrow(tokens: readonly number[]): void {
    assert.equal(new Set(tokens).size, tokens.length, 'two leases with one token');
    const newTokens = tokens.filter((token) => !this.#tokens.has(token));
    for (const token of newTokens) {
      assert.ok(token > this.#greatestToken, `token ${token} after ${this.#greatestToken}`);
      assert.ok(Number.isSafeInteger(token), `token ${token}`);
    }
    this.#tokens = new Set(tokens);
    this.#greatestToken = Math.max(this.#greatestToken, ...newTokens);
  }
}

interface Line {
  readonly held: Ticket[];
  readonly waiting: Ticket[];
}

function linesOf(tickets: readonly Ticket[]): Map<string, Line> {
  const lines = new Map<string, Line>();
  for (const ticket of tickets) {
    for (const name of ticket.names) {
      const line = lines.get(name) ?? { held: [], waiting: [] };
      lines.set(name, line);
      // Who does not answer has no turn.
      if (ticket.lease) line.held.push(ticket);
      else if (ticket.state !== 'silent') line.waiting.push(ticket);
    }
  }
  return lines;
}

/** Whether all that are together are within the limit of one of them. */
function isWithin(together: readonly Ticket[]): (ticket: Ticket) => boolean {
  const taken = together.reduce((sum, { units }) => sum + units, 0);
  return ({ limit }) => taken <= limit;
}
