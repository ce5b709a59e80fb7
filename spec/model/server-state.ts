import assert from 'node:assert';
import { type Message, roomOf, watchersOf } from './lock-state.js';
import { WATCH_US } from './lock-model.js';
import { REMEMBER_US } from './queue-rules.js';
import type {
  InboxRow,
  MemoryRow,
  QueueRow,
  SecondRow,
  StateRows,
  TaskRow,
  TicketRow,
  WatchRow,
} from './state-rows.js';

/** The keys of tickets as the model has them: an id as it is, a Python request by its room. */
const plain = (key: string): string => key.replace(/^:/, '');

/** What the lock has stored, at one moment. */
export class ServerState {
  readonly lastToken: number;
  /** Who is told things in which room: an inbox, a Python request by its key, those who watch a name. */
  readonly rooms: ReadonlyMap<number, string>;
  readonly #queues: readonly QueueRow[];
  readonly #tickets: readonly TicketRow[];
  readonly #inboxes: readonly InboxRow[];
  readonly #due: readonly SecondRow[];
  readonly #withdrawn: readonly MemoryRow[];
  readonly #watches: readonly WatchRow[];
  readonly #sweeper: TaskRow | null;
  readonly #tasks: readonly TaskRow[];

  constructor(rows: StateRows) {
    [this.lastToken, this.#queues, this.#tickets, this.#inboxes, this.#due] = rows;
    [, , , , , this.#withdrawn, this.#watches, this.#sweeper, this.#tasks] = rows;
    const python = this.#tickets.map(([key]) => key).filter((key) => key.startsWith('room:'));
    this.rooms = new Map([
      ...this.#inboxes.map(([id, room]) => [room, id] as const),
      ...this.#watches.map(([name, room]) => [room, watchersOf(name)] as const),
      ...python.map((key) => [roomOf(key), key] as const),
    ]);
  }

  /** Keys of what is due, in the order in which the server goes through it. */
  get dueOrder(): string[] {
    return this.#due.flatMap(([, items]) => items.map(plain));
  }

  /** Keys of an inbox's tickets, in the order in which the server goes through them. */
  ticketsOf(inbox: string): string[] {
    return this.#inboxes.find(([id]) => id === inbox)?.[7].map(plain) ?? [];
  }

  /** Of those who hold, by their keys. */
  get tokens(): ReadonlyMap<string, number> {
    return new Map(this.#tickets.filter((row) => row[9]).map((row) => [plain(row[0]), row[11]]));
  }

  /** What may have been told in rooms that were new then, so that nobody was in them: it shows in what is stored. */
  unheardSince(before: ServerState, at: number): Message[] {
    const inboxes = new Set(before.#inboxes.map(([id]) => id));
    return this.#tickets.flatMap((row) => {
      const [, , number, , , , , inbox, , isHeld, , , , asksAt] = row;
      const isUnheard = inbox !== null && !inboxes.has(inbox) && !isHeld;
      return isUnheard ? [{ to: inbox, event: 'watch', args: [number, at, asksAt] }] : [];
    });
  }

  /** The server's time of the newest entry, grant, withdrawal or watch. */
  get newestTime(): number {
    return Math.max(
      0,
      ...this.#tickets.map((row) => row[8]),
      ...this.#inboxes.map(([, , , , , seenAt]) => seenAt),
      ...this.#withdrawn.map(([, , due]) => due - REMEMBER_US),
      ...this.#watches.map(([, , due]) => due - WATCH_US),
    );
  }

  /** When the sweeper runs; `null` if there is none. */
  get sweepSecond(): number | null {
    return this.#sweeper?.[1] ?? null;
  }

  /** It was there, and its task is gone. */
  get isSweeperLost(): boolean {
    return this.#sweeper !== null && this.#sweeper[0] === null;
  }

  /** Nothing that grows with use. */
  get isEmpty(): boolean {
    const lists = [
      ...[this.#queues, this.#tickets, this.#inboxes, this.#due],
      ...[this.#withdrawn, this.#watches, this.#tasks],
    ];
    return lists.every(({ length }) => length === 0) && this.#sweeper === null;
  }

  /** Whether something has become due that was not, or at another time. */
  isFiledSince(before: ServerState): boolean {
    const earlier = new Set(before.#filed);
    return this.#filed.some((item) => !earlier.has(item));
  }

  get earliestDueSecond(): number {
    return Math.min(...this.#due.map(([sec]) => sec));
  }

  get #filed(): string[] {
    return this.#due.flatMap(([sec, items]) => items.map((key) => `${sec} ${plain(key)}`));
  }

  /** What the model speaks of, in the form of {@link visibleOf}. */
  get visible(): unknown {
    return {
      token: this.lastToken,
      queues: Object.fromEntries(
        this.#queues.map(([name, held, waiting]) => [
          name,
          { held: held.map(plain), waiting: waiting.map(plain) },
        ]),
      ),
      tickets: Object.fromEntries(
        this.#tickets.map(
          ([key, names, number, ttlMs, owner, want, limit, inbox, since, isHeld, ...more]) => {
            const [isClaimed, token, due, asksAt] = more;
            const ticket = { names, number, ttlMs, owner, want, limit, inbox, since };
            return [plain(key), { ...ticket, ...(isHeld ? { isClaimed, token, due } : { asksAt }) }];
          },
        ),
      ),
      inboxes: Object.fromEntries(
        this.#inboxes.map(([id, , isUsed, due, probedUntil, seenAt]) => [
          id,
          { isUsed, due, probedUntil, seenAt },
        ]),
      ),
      withdrawn: Object.fromEntries(this.#withdrawn.map(([key, why, until]) => [plain(key), { until, why }])),
      watches: Object.fromEntries(this.#watches.map(([name, , until]) => [name, until])),
    };
  }

  /**
   * What must hold of the parts that are only the server's: each finds the other, nothing is filed twice or wrongly.
   * @param nowSecond the server's time
   * @param mayLackSweeper the task was taken away by a test, and nothing has been filed since
   */
  assertSound(nowSecond: number, mayLackSweeper: boolean): void {
    const inLine = this.#queues.flatMap(([name, held, waiting]) =>
      [...held, ...waiting].map((key) => `${key} for ${name}`),
    );
    const wanted = this.#tickets.flatMap(([key, names]) => names.map((name) => `${key} for ${name}`));
    assert.deepStrictEqual(inLine.sort(), wanted.sort(), 'tickets and queues differ');
    assert.deepStrictEqual(
      this.#inboxes.flatMap((row) => row[7]).sort(),
      this.#tickets.flatMap((row) => (row[7] === null ? [] : [row[0]])).sort(),
      'tickets and inboxes differ',
    );
    this.#assertFiled();
    this.#assertSwept(nowSecond, mayLackSweeper);
  }

  #assertFiled(): void {
    const toFile = [
      ...this.#tickets.filter((row) => row[9]).map((row) => ({ key: row[0], due: row[12], sec: row[14] })),
      ...this.#inboxes.map(([key, , , due, , , sec]) => ({ key, due, sec })),
      ...this.#withdrawn.map(([key, , due, sec]) => ({ key, due, sec })),
      ...this.#watches.map(([name, , due, sec]) => ({ key: watchersOf(name), due, sec })),
    ];
    const filed = toFile.map(({ key, sec }) => `${sec} ${plain(key)}`);
    assert.deepStrictEqual(this.#filed.sort(), filed.sort(), 'badly filed');
    for (const { key, due, sec } of toFile) {
      assert.equal(sec, Math.floor(due / 1e6), `${key} is filed under the wrong second`);
    }
    assert.ok(!this.#due.some(([, items]) => items.length === 0), 'a second with nothing in it');
  }

  #assertSwept(nowSecond: number, mayLackSweeper: boolean): void {
    if (mayLackSweeper && this.isSweeperLost) return;
    const sweeper = this.#sweeper;
    assert.deepStrictEqual(this.#tasks, sweeper ? [sweeper] : [], 'the sweeper is the one task');
    assert.equal(sweeper !== null, this.#due.length > 0, 'a sweeper iff something can become due');
    const latest = Math.max(this.earliestDueSecond, nowSecond + 1);
    assert.ok((sweeper?.[1] ?? 0) <= latest, `the sweeper comes at ${sweeper?.[1]}, not by ${latest}`);
  }
}
