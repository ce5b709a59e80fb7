import { labelOf, type Message, type Ticket } from './lock-state.js';

/** What the server was free to choose in one change, as it shows in what it has told. The model checks each choice. */
export class Choices {
  readonly #granted: readonly Granted[];
  readonly #tokens: ReadonlyMap<string, number>;
  readonly #asks: Message[];
  readonly #named: ReadonlySet<unknown>;

  /**
   * @param tokens of those who hold after the change, by their labels
   * @param answer in which the server has named a time, where there are several that it may name
   */
  constructor(
    heard: readonly Message[] = [],
    tokens: ReadonlyMap<string, number> = new Map(),
    answer?: unknown,
  ) {
    this.#granted = grantedIn(heard, tokens);
    this.#tokens = tokens;
    this.#asks = heard.filter(({ event }) => event === 'ask');
    this.#named = new Set([answer].flat(4));
  }

  /**
   * Which of those who can be granted goes first: they have no name in common, so that it is nobody's loss.
   *
   * @param newest the token that the first will have. Where nobody shows it, who had it is gone again by the end.
   */
  first(tickets: readonly Ticket[], newest: number): Ticket | undefined {
    const token = (ticket: Ticket): number => {
      const known =
        this.#granted.find(({ message }) => isTold(ticket, message))?.token ??
        this.#tokens.get(labelOf(ticket));
      return known ?? newest + 0.25;
    };
    return [...tickets].sort((a, b) => Math.sign(token(a) - token(b)) || a.entry - b.entry)[0];
  }

  named(times: readonly number[]): number {
    return times.find((time) => this.#named.has(time)) ?? times[0] ?? NaN;
  }

  /** The next message to ask that is as it may be. Each request is told in order; which request first is the server's choice. */
  takeAsk(isDue: (ask: Message) => boolean): Message | undefined {
    const isFirst = (ask: Message): boolean => this.#asks.find((other) => isOfSame(ask, other)) === ask;
    const next = this.#asks.findIndex((ask) => isFirst(ask) && isDue(ask));
    return next < 0 ? undefined : this.#asks.splice(next, 1)[0];
  }
}

interface Granted {
  readonly message: Message;
  readonly token: number;
}

/** Python is told no token; one whose lease was stolen in the same change got it after the grant that was told before. */
function grantedIn(heard: readonly Message[], tokens: ReadonlyMap<string, number>): Granted[] {
  const granted: Granted[] = [];
  for (const message of heard) {
    const { event, to, args } = message;
    if (event === 'granted') granted.push({ message, token: Number(args[2]) });
    if (event !== 'go') continue;
    granted.push({ message, token: tokens.get(to) ?? (granted.at(-1)?.token ?? 0) + 0.5 });
  }
  return granted;
}

/** Whether two messages are about one request. */
function isOfSame(one: Message, other: Message): boolean {
  return one.to === other.to && one.args[0] === other.args[0];
}

/** Whether a message is to the process of this ticket, about it. */
export function isTold(ticket: Ticket, { to, args }: Message): boolean {
  return ticket.inbox === null ? to === ticket.key : to === ticket.inbox && args[0] === ticket.number;
}
