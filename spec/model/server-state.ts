import assert from 'node:assert';
import { REMEMBER_US, type LockModel } from './lock-model.js';

/** All of `.thingsdb_lock` that use can change. Lists where order is the server's own: it is told, not checked. */
export const STATE_CODE = `
  s = .thingsdb_lock;
  [
    s.token,
    s.locks.values().map(|q| [q.name, q.held.map(|t| t.key), q.waiting.map(|t| t.key)]),
    s.tickets.values().map(|t| [
      t.key, t.name, t.number, t.ttl, t.inbox ? t.inbox.id : nil, t.held, t.claimed, t.token, t.due, t.asks_at, t.sec, t.since
    ]),
    s.inboxes.values().map(|b| [b.id, b.room.id(), b.used, b.due, b.sec, list(b.tickets).map(|t| t.key)]),
    s.due.values().map(|b| [b.sec, list(b.items).map(|i| i.has('tickets') ? i.id : i.key)]),
    s.withdrawn.values().map(|w| [w.key, w.due, w.sec]),
    is_nil(s.sweeper) ? nil : [s.sweeper.id(), s.sweep_at],
    tasks().map(|t| [t.id(), int(t.at())])
  ];
`;

type TicketRow = readonly [
  ...[key: string, name: string, number: number, ttlMs: number, inbox: string | null],
  ...[isHeld: boolean, isClaimed: boolean, token: number, due: number, asksAt: number],
  ...[sec: number, since: number],
];
type InboxRow = readonly [
  ...[id: string, room: number, isUsed: boolean, due: number, sec: number],
  ...[tickets: readonly string[]],
];
type TaskRow = readonly [id: number | null, second: number | null];

export type StateRows = readonly [
  token: number,
  queues: readonly (readonly [name: string, held: readonly string[], waiting: readonly string[]])[],
  tickets: readonly TicketRow[],
  inboxes: readonly InboxRow[],
  due: readonly (readonly [sec: number, items: readonly string[]])[],
  withdrawn: readonly (readonly [key: string, due: number, sec: number])[],
  sweeper: TaskRow | null,
  tasks: readonly TaskRow[],
];

/** The keys of tickets as the model has them: an id as it is, a Python request by its room. */
const plain = (key: string): string => key.replace(/^:/, '');

/** What the lock has stored, at one moment. */
export class ServerState {
  readonly #rows: StateRows;
  /** Who is told things in which room: an inbox, or a Python request by its key. */
  readonly rooms: ReadonlyMap<number, string>;

  constructor(rows: StateRows) {
    this.#rows = rows;
    const [, , tickets, inboxes] = rows;
    const python = tickets.filter(([, , , , inbox]) => inbox === null).map(([key]) => key);
    this.rooms = new Map([
      ...inboxes.map(([id, room]) => [room, id] as const),
      ...python.map((key) => [Number(key.slice('room:'.length)), key] as const),
    ]);
  }

  /** Keys of what is due, in the order in which the server goes through it. */
  get dueOrder(): string[] {
    return this.#rows[4].flatMap(([, items]) => items.map(plain));
  }

  /** Keys of an inbox's tickets, in the order in which the server goes through them. */
  ticketsOf(inbox: string): string[] {
    return this.#rows[3].find(([id]) => id === inbox)?.[5].map(plain) ?? [];
  }

  /** The server's time of the newest entry, grant or withdrawal. */
  get newestTime(): number {
    const [, , tickets, , , withdrawn] = this.#rows;
    return Math.max(0, ...tickets.map((row) => row[11]), ...withdrawn.map(([, due]) => due - REMEMBER_US));
  }

  get lastToken(): number {
    return this.#rows[0];
  }

  /** When the sweeper runs; `null` if there is none. */
  get sweepSecond(): number | null {
    return this.#rows[6]?.[1] ?? null;
  }

  /** It was there, and its task is gone. */
  get isSweeperLost(): boolean {
    return this.#rows[6] !== null && this.#rows[6][0] === null;
  }

  /** Nothing that grows with use. */
  get isEmpty(): boolean {
    const [, queues, tickets, inboxes, due, withdrawn, sweeper, tasks] = this.#rows;
    return (
      [queues, tickets, inboxes, due, withdrawn, tasks].every(({ length }) => length === 0) &&
      sweeper === null
    );
  }

  /** Whether something has become due that was not, or at another time. */
  isFiledSince(before: ServerState): boolean {
    const earlier = new Set(before.#filed);
    return this.#filed.some((item) => !earlier.has(item));
  }

  get earliestDueSecond(): number {
    return Math.min(...this.#rows[4].map(([sec]) => sec));
  }

  get #filed(): string[] {
    return this.#rows[4].flatMap(([sec, items]) => items.map((key) => `${sec} ${plain(key)}`));
  }

  /** What the model speaks of, in the form of {@link visibleOf}. */
  get visible(): unknown {
    const [token, queues, tickets, inboxes, , withdrawn] = this.#rows;
    return {
      token,
      queues: Object.fromEntries(
        queues.map(([name, held, waiting]) => [name, { held: held.map(plain), waiting: waiting.map(plain) }]),
      ),
      tickets: Object.fromEntries(
        tickets.map(([key, name, number, ttlMs, inbox, isHeld, isClaimed, last, due, asksAt]) => [
          plain(key),
          { name, number, ttlMs, inbox, ...(isHeld ? { isClaimed, token: last, due } : { asksAt }) },
        ]),
      ),
      inboxes: Object.fromEntries(inboxes.map(([id, , isUsed, due]) => [id, { isUsed, due }])),
      withdrawn: Object.fromEntries(withdrawn.map(([key, until]) => [plain(key), until])),
    };
  }

  /**
   * What must hold of the parts that are only the server's: each finds the other, nothing is filed twice or wrongly.
   * @param nowSecond the server's time
   * @param mayLackSweeper the task was taken away by a test, and nothing has been filed since
   */
  assertSound(nowSecond: number, mayLackSweeper: boolean): void {
    const [, queues, tickets, inboxes, due, withdrawn, sweeper, tasks] = this.#rows;
    const inLine = queues.flatMap(([, held, waiting]) => [...held, ...waiting]);
    assert.deepStrictEqual(
      inLine.toSorted(),
      tickets.map(([key]) => key).sort(),
      'tickets and queues differ',
    );
    assert.deepStrictEqual(
      inboxes.flatMap(([, , , , , keys]) => keys).sort(),
      tickets.flatMap(([key, , , , inbox]) => (inbox === null ? [] : [key])).sort(),
      'tickets and inboxes differ',
    );
    const toFile = [
      ...tickets.filter((row) => row[5]).map((row) => ({ key: plain(row[0]), due: row[8], sec: row[10] })),
      ...inboxes.map(([key, , , at, sec]) => ({ key, due: at, sec })),
      ...withdrawn.map(([key, at, sec]) => ({ key: plain(key), due: at, sec })),
    ];
    assert.deepStrictEqual(
      this.#filed.sort(),
      toFile.map(({ key, sec }) => `${sec} ${key}`).sort(),
      'badly filed',
    );
    for (const { key, due: at, sec } of toFile) {
      assert.equal(sec, Math.floor(at / 1e6), `${key} is filed under the wrong second`);
    }
    assert.ok(!due.some(([, items]) => items.length === 0), 'a second with nothing in it');
    if (mayLackSweeper && this.isSweeperLost) return;
    assert.deepStrictEqual(tasks, sweeper ? [sweeper] : [], 'the sweeper is the one task');
    assert.equal(sweeper !== null, due.length > 0, 'a sweeper iff something can become due');
    const latest = Math.max(this.earliestDueSecond, nowSecond + 1);
    assert.ok((sweeper?.[1] ?? 0) <= latest, `the sweeper comes at ${sweeper?.[1]}, not by ${latest}`);
  }
}

/** What the model says is stored. */
export function visibleOf(model: LockModel): unknown {
  const { lastToken, queues, inboxes, withdrawn } = model.state;
  const used = [...queues].filter(([, { holder, waiting }]) => holder || waiting.length > 0);
  return {
    token: lastToken,
    queues: Object.fromEntries(
      used.map(([name, { holder, waiting }]) => [
        name,
        { held: holder ? [holder.key] : [], waiting: waiting.map(({ key }) => key) },
      ]),
    ),
    tickets: Object.fromEntries(
      model
        .tickets()
        .map(({ key, name, number, ttlUs, inbox, asksAt, lease }) => [
          key,
          { name, number, ttlMs: ttlUs / 1000, inbox, ...(lease ?? { asksAt }) },
        ]),
    ),
    inboxes: Object.fromEntries([...inboxes].map(([id, inbox]) => [id, { ...inbox }])),
    withdrawn: Object.fromEntries(withdrawn),
  };
}
