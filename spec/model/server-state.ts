import assert from 'node:assert';
import { RequestState as Stored } from '../../lib/schema/constants.js';
import { type Message, type RequestState, roomKey, watchersOf } from './lock-state.js';
import { WATCH_US } from './lock-model.js';
import { TOMBSTONE_US } from './queue-rules.js';
import type {
  InboxRow,
  QueueRow,
  RequestRow,
  StateRows,
  TaskRow,
  TombstoneRow,
  WatchRow,
} from './state-rows.js';

const STATES: Readonly<Record<number, RequestState>> = {
  [Stored.silent]: 'silent',
  [Stored.waiting]: 'waiting',
  [Stored.granted]: 'granted',
  [Stored.held]: 'held',
  [Stored.inTransit]: 'in transit',
  [Stored.kept]: 'kept',
};

/** A request as it is stored, in the model's words. */
interface StoredRequest {
  readonly thing: number;
  readonly key: string;
  readonly label: string;
  readonly state: RequestState;
  readonly names: readonly string[];
  readonly isPython: boolean;
  readonly inbox: string | null;
  readonly number: number;
  readonly since: number;
  readonly token: number;
  readonly due: number;
  readonly order: number | null;
  readonly asksAt: number | null;
  readonly visible: unknown;
}

function storedOf(row: RequestRow): StoredRequest {
  const [thing, code, id, number, names, inbox, owner, room, units, limit, since, token, due, ...more] = row;
  const [ttlMs, order, asksAt, isMissed, lingers] = more;
  const state = STATES[code] as RequestState;
  const isPython = id === '';
  const key = isPython ? roomKey(Number(room)) : id;
  const ofProcess = { owner, inbox: inbox === '' ? null : inbox, lingers };
  const about = { number, names, units, limit, since, state, ...ofProcess };
  const waits = { ttlMs, ...(isPython ? {} : { asksAt, isMissed }) };
  const isHeld = code >= Stored.granted;
  return {
    ...about,
    ...{ thing, key, isPython, token, due, order, asksAt },
    label: isPython ? key : `${key} for ${names[0]}`,
    visible: { ...about, ...(isHeld ? { token, due } : waits) },
  };
}

/** What the lock has stored, at one moment. */
export class ServerState {
  readonly lastToken: number;
  /** Who is told things in which room: an inbox, a Python request by its key, those who watch a name. */
  readonly rooms: ReadonlyMap<number, string>;
  readonly #queues: readonly QueueRow[];
  readonly #requests: ReadonlyMap<string, StoredRequest>;
  readonly #inboxes: readonly InboxRow[];
  readonly #tombstones: readonly TombstoneRow[];
  readonly #watches: readonly WatchRow[];
  readonly #waiting: StateRows[5];
  readonly #python: StateRows[6];
  readonly #sweeper: TaskRow | null;
  readonly #isSweeping: boolean;
  readonly #tasks: readonly TaskRow[];

  constructor(rows: StateRows) {
    [this.lastToken, this.#queues, this.#inboxes, this.#tombstones, this.#watches] = rows;
    [, , , , , this.#waiting, this.#python, this.#sweeper, this.#isSweeping, this.#tasks] = rows;
    const all = this.#queues.flatMap(([, held, waiting]) => [...held, ...waiting].map(storedOf));
    this.#requests = new Map(all.map((request) => [request.label, request]));
    this.rooms = new Map([
      ...this.#inboxes.map(([id, room]) => [room, id] as const),
      ...this.#watches.map(([name, room]) => [room, watchersOf(name)] as const),
      ...this.#python.map(([room]) => [room, roomKey(room)] as const),
    ]);
  }

  /** The names in the order in which the sweeper goes through them. */
  get names(): string[] {
    return this.#queues.map(([name]) => name);
  }

  /** The labels of those who hold in an inbox, in the order in which the server goes through them. */
  heldIn(id: string): string[] {
    return this.#queues.flatMap(([name, held]) =>
      held
        .map(storedOf)
        .filter(({ inbox, names }) => inbox === id && names[0] === name)
        .map(({ label }) => label),
    );
  }

  /** Of those who hold, by their labels. */
  get tokens(): ReadonlyMap<string, number> {
    const held = [...this.#requests.values()].filter(({ due }) => due > 0);
    return new Map(held.map(({ label, token }) => [label, token]));
  }

  /** What may have been told in rooms that were new then, so that nobody was in them: it shows in what is stored. */
  unheardSince(before: ServerState, at: number): Message[] {
    const inboxes = new Set(before.#inboxes.map(([id]) => id));
    return [...this.#requests.values()].flatMap(({ inbox, state, number, asksAt }) => {
      const isUnheard = inbox !== null && !inboxes.has(inbox) && state === 'waiting';
      return isUnheard ? [{ to: inbox, event: 'ask', args: [number, at, asksAt ?? NaN] }] : [];
    });
  }

  /** The server's time of the newest entry, grant, withdrawal or watch. */
  get newestTime(): number {
    return Math.max(
      0,
      ...[...this.#requests.values()].map(({ since }) => since),
      ...this.#tombstones.map(([, , due]) => due - TOMBSTONE_US),
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

  /** Nothing that grows with use, and no sweeper. */
  get isEmpty(): boolean {
    const lists = [
      ...[this.#queues, this.#inboxes, this.#tombstones, this.#watches],
      ...[this.#waiting, this.#python, this.#tasks],
    ];
    return lists.every(({ length }) => length === 0) && this.#sweeper === null;
  }

  /** Whether the sweeper was armed since: there is another task. */
  isArmedSince(before: ServerState): boolean {
    return this.#sweeper?.[0] !== before.#sweeper?.[0];
  }

  /** When something that is stored is due next (seconds, cut); Infinity if nothing is. */
  get earliestDueSecond(): number {
    const dues = [
      ...[...this.#requests.values()].flatMap(({ due }) => (due > 0 ? [due] : [])),
      ...this.#inboxes.flatMap(([, , , , due, , , silent]) => (silent > 0 ? [due, silent] : [due])),
      ...this.#tombstones.map(([, , due]) => due),
      ...this.#watches.map(([, , due]) => due),
    ];
    return Math.floor(Math.min(...dues) / 1e6);
  }

  /** What the model speaks of, in the form of {@link visibleOf}. */
  get visible(): unknown {
    const labels = (rows: readonly RequestRow[]): string[] => rows.map((row) => storedOf(row).label);
    return {
      token: this.lastToken,
      queues: Object.fromEntries(
        this.#queues.map(([name, held, waiting]) => [name, { held: labels(held), waiting: labels(waiting) }]),
      ),
      tickets: Object.fromEntries([...this.#requests.values()].map(({ label, visible }) => [label, visible])),
      inboxes: Object.fromEntries(
        this.#inboxes.map(([id, , , isUsed, due, probedUntil, seenAt, silentUntil]) => [
          id,
          { isUsed, due, probedUntil, seenAt, silentUntil },
        ]),
      ),
      tombstones: Object.fromEntries(this.#tombstones.map(([key, why, until]) => [key, { until, why }])),
      watches: Object.fromEntries(this.#watches.map(([name, , until]) => [name, until])),
    };
  }

  /**
   * What must hold of the parts that are only the server's: each finds the other, nothing is filed twice or wrongly.
   * @param nowSecond the server's time
   * @param mayLackSweeper the task was taken away by a test, and nothing has been armed since
   */
  assertSound(nowSecond: number, mayLackSweeper: boolean): void {
    this.#assertQueues();
    const requests = [...this.#requests.values()];
    const shown = (list: readonly (readonly [unknown, number])[]): string[] => list.map(String).sort();
    const waiting = requests.filter(({ due, isPython }) => due === 0 && !isPython);
    assert.deepStrictEqual(
      shown(this.#waiting),
      shown(waiting.map(({ key, thing }) => [key, thing])),
      'those who wait, and how they are found by their ids, differ',
    );
    const python = requests.filter(({ isPython }) => isPython);
    assert.deepStrictEqual(
      shown(this.#python.map(([room, thing]) => [roomKey(room), thing])),
      shown(python.map(({ key, thing }) => [key, thing])),
      'Python requests, and how they are found by their rooms, differ',
    );
    this.#assertSilence(requests);
    this.#assertSwept(nowSecond, mayLackSweeper);
  }

  #assertQueues(): void {
    const inLine = this.#queues.flatMap(([name, held, waiting]) =>
      [...held, ...waiting].map((row) => `${row[0]} for ${name}`),
    );
    const wanted = [...this.#requests.values()].flatMap(({ thing, names }) =>
      names.map((name) => `${thing} for ${name}`),
    );
    assert.deepStrictEqual(inLine.sort(), wanted.sort(), 'requests and queues differ');
    for (const [name, held, waiting] of this.#queues) {
      assert.ok(held.length + waiting.length > 0, `nobody is in the queue of ${name}`);
      assert.ok(
        held.every((row) => row[1] >= Stored.granted && row[12] > 0),
        `a holder of ${name} does not hold`,
      );
      assert.ok(
        waiting.every((row) => row[1] < Stored.granted && row[12] === 0),
        `a waiter for ${name} holds`,
      );
      const orders = waiting.map((row) => row[14] ?? NaN);
      assert.deepStrictEqual(
        orders,
        [...orders].sort((a, b) => a - b),
        `those who wait for ${name} are not in order`,
      );
    }
  }

  /** Of a process that is silent nobody waits, of another nobody is set aside. */
  #assertSilence(requests: readonly StoredRequest[]): void {
    for (const [id, , , , , , , silent] of this.#inboxes) {
      const wrong = silent > 0 ? 'waiting' : 'silent';
      const there = requests.filter(({ inbox, state }) => inbox === id && state === wrong);
      assert.deepStrictEqual(
        there.map(({ label }) => label),
        [],
        `${wrong} in ${id}`,
      );
    }
  }

  #assertSwept(nowSecond: number, mayLackSweeper: boolean): void {
    assert.equal(this.#isSweeping, false, 'the sweeper has not come to its end');
    if (mayLackSweeper && this.isSweeperLost) return;
    const sweeper = this.#sweeper;
    assert.deepStrictEqual(this.#tasks, sweeper ? [sweeper] : [], 'the sweeper is the one task');
    const earliest = this.earliestDueSecond;
    if (earliest === Infinity) return;
    assert.ok(sweeper !== null, 'something can become due, and there is no sweeper');
    const latest = Math.max(earliest, nowSecond + 1);
    assert.ok((sweeper[1] ?? 0) <= latest, `the sweeper comes at ${sweeper[1]}, not by ${latest}`);
  }
}
