import { modeOf } from '../../lib/lock-info.js';
import { takenAway } from '../../lib/schema/answers.js';
import { MAX_NAMES, MAX_WATCHES, Refusal, Told } from '../../lib/schema/constants.js';
import type { HistoryRecord, RecordOf, TakerEvent } from '../chaos/history.js';
import type { Random } from '../chaos/random.js';
import { deadlineMs } from '../chaos/lease-span.js';
import { recordsOf, type Granted, type Reading } from '../chaos/reading.js';
import type { Violation } from '../chaos/violation.js';
import { PushType, type SimServer } from './sim-server.js';
import type { SimTaker } from './sim-taker.js';
import { Tally, type Entry } from './tally.js';
import type { World } from './world.js';

const NAME = 'onlooker';
const INBOX = 'onlooker-inbox-'.padEnd(24, 'i');
const UNKNOWN_ID = 'nobody-'.padEnd(32, 'x');
/** Names and ids of its own, by which it sees whether an id can be used twice. */
const OWN_NAMES = ['onlooker 1', 'onlooker 2'] as const;
const HOLDING_IDS = ['first-'.padEnd(32, 'x'), 'second-'.padEnd(32, 'x')] as const;
const WAITING_ID = 'waiting-'.padEnd(32, 'x');
/** A message is on its way for a few milliseconds. */
const ON_ITS_WAY_MS = 10;
/** What is asked of the holders of one process in so short a time is told together at its end. */
const TOLD_TOGETHER_MS = 40;
const WHOLE_PAGE = 1_000;
/** Where an entry says how many requests are ahead. */
const AHEAD = 8;

/** A client that loses no message, and takes no lock of the others: it watches the names, asks for them, and looks at their queues. */
export class Onlooker {
  readonly #world: World;
  readonly #server: SimServer;
  readonly #records: HistoryRecord[];
  readonly #names: readonly string[];
  readonly #session;
  readonly #watched = new Map<number, string>();
  #isClosed = false;
  #tally: Tally | undefined;
  readonly #asks: { readonly name: string; readonly atMs: number }[] = [];
  /** By token: when a fence has refused it first. */
  readonly #refused = new Map<number, number>();
  readonly #revivals: Violation[] = [];
  #seen = 0;
  /** The requests whose leases were released, as their holders were told. */
  readonly #drained = new Set<string>();
  readonly #released = new Set<string>();
  readonly #namesOf = new Map<string, readonly string[]>();
  /** The newest lease of each name, as its holder noted it. */
  readonly #newest = new Map<string, RecordOf<'granted'>>();

  constructor(world: World, server: SimServer, records: HistoryRecord[], names: readonly string[]) {
    this.#world = world;
    this.#server = server;
    this.#records = records;
    this.#names = names;
    this.#session = server.connect((type, body) => this.#told(type, body));
  }

  /**
   * From then on what happens to the names is told.
   * @param ofAll also to one who watches all names
   */
  watch(ofAll: boolean): void {
    if (this.#isClosed) return;
    if (ofAll) this.#watchAll();
    for (const name of this.#names) this.#note({ event: 'watch-asked', watch: watchOf(name), name });
    const rooms = this.#server.run(this.#session, 'lock_watch', [this.#names]) as number[];
    this.#names.forEach((name, i) => {
      const room = rooms[i] as number;
      this.#watched.set(room, name);
      this.#server.join(this.#session, room);
      this.#note({ event: 'watching', watch: watchOf(name), name });
    });
  }

  #watchAll(): void {
    const tally = new Tally();
    const session = this.#server.connect((type, body) => {
      const { event, args } = body as { event: string; args: unknown[] };
      tally.told(type, event, args);
    });
    const [room] = this.#server.run(session, 'lock_watch', [['']]) as number[];
    this.#server.join(session, room as number);
    this.#tally = tally;
  }

  /** @throws Error if more names can be watched than may be, or all names can not be watched beside them */
  watchTooMany(): void {
    const session = this.#server.connect(() => undefined);
    const watch = (names: readonly string[]): unknown[] =>
      this.#server.run(session, 'lock_watch', [names]) as unknown[];
    for (let first = 0; first < MAX_WATCHES; first += MAX_NAMES)
      watch(Array.from({ length: MAX_NAMES }, (_, i) => `watched ${first + i}`));
    const [all, more] = watch(['', 'one too many']);
    if (typeof all !== 'number') throw new Error(`all names cannot be watched: ${JSON.stringify(all)}`);
    if (!Array.isArray(more) || more[1] !== Refusal.noPlace)
      throw new Error(`one name too many is watched: ${JSON.stringify(more)}`);
    this.#server.drop(session);
  }

  close(): void {
    this.#isClosed = true;
    for (const name of this.#watched.values()) this.#note({ event: 'watch-closed', watch: watchOf(name) });
    this.#watched.clear();
    this.#server.drop(this.#session);
  }

  /** Asks those who hold a name to release it. */
  ask(random: Random): void {
    if (this.#isClosed) return;
    const name = random.pick(this.#names);
    this.#server.run(this.#session, 'lock_ask', [name, NAME]);
    this.#asks.push({ name, atMs: this.#world.ms });
  }

  /** Leases that were over, and were there again, or were taken for there by a fence. */
  get revivals(): readonly Violation[] {
    return this.#revivals;
  }

  /** Tries the newest token of each name: one of a lease that was released is refused, and so is one that was refused before. */
  tryFences(): void {
    if (this.#isClosed) return;
    for (; this.#seen < this.#records.length; this.#seen++) {
      const record = this.#records[this.#seen];
      if (record?.event === 'requested') this.#namesOf.set(record.request, record.names);
      if (record?.event === 'drained') this.#drained.add(record.process);
      // Whoever closes is told so before the server is.
      const isConfirmed = record?.event === 'released' && !this.#drained.has(record.process);
      if (isConfirmed && record.result === true) this.#released.add(record.request);
      if (record?.event !== 'granted') continue;
      for (const name of this.#namesOf.get(record.request) ?? []) this.#newest.set(name, record);
    }
    for (const [name, granted] of this.#newest) this.#tryFence(name, granted);
  }

  #tryFence(name: string, granted: RecordOf<'granted'>): void {
    const { token } = granted;
    const refusedMs = this.#refused.get(token);
    if (!this.#server.letsIn(name, token)) {
      if (refusedMs === undefined) this.#refused.set(token, this.#world.ms);
      return;
    }
    const isReleased = this.#released.has(granted.request);
    if (refusedMs === undefined && !isReleased) return;
    const was = isReleased ? 'was released' : `was over at ${refusedMs?.toFixed(1)} ms`;
    const what = `"${name}": the lease of ${granted.request} ${was}, and a fence lets it in at ${this.#world.ms.toFixed(1)} ms`;
    this.#revivals.push({ rule: 'together', what, records: [granted] });
  }

  /**
   * @throws Error if the pages of the queues do not fit together, or something is miscounted, or was not told; or if a
   * question is a change
   */
  lookAtQueues(): void {
    if (this.#isClosed) return;
    const whole = this.#page('', WHOLE_PAGE).entries;
    const paged: Entry[] = [];
    for (let after: string | null = ''; after !== null;) {
      const page = this.#page(after, 1);
      paged.push(...page.entries);
      after = page.next;
    }
    if (JSON.stringify(paged) !== JSON.stringify(whole))
      throw new Error(`in pages the queues are ${JSON.stringify(paged)}, in one ${JSON.stringify(whole)}`);
    this.#tally?.compare(whole, this.#server.queued());
    this.#askForNothing();
    this.#useOneIdTwice();
    for (const name of this.#names) {
      whole
        .filter((entry) => entry[0] === name)
        .forEach((entry, i) => {
          const ahead = entry[1] ? 0 : i;
          if (entry[AHEAD] !== ahead)
            throw new Error(`ahead of ${JSON.stringify(entry)} are ${ahead} requests for "${name}"`);
        });
    }
  }

  /** Whoever held a name for certain when it was asked for was told so. Of a run in which no message is lost. */
  checkAsked(run: Reading, takers: readonly SimTaker[]): Violation[] {
    const told = takers.flatMap(({ askedOf }) => askedOf);
    return this.#asks.flatMap(({ name, atMs }) =>
      run.grants
        .filter((lease) => lease.names.includes(name) && isHeldAround(lease, atMs))
        .filter(({ id }) => !told.some((one) => one.request === id && isAnswerTo(one.atMs, atMs)))
        .map((lease): Violation => ({
          rule: 'outcome',
          what: `"${name}": ${lease.id} held it at ${atMs.toFixed(1)} ms, and was not asked to release it`,
          records: recordsOf(lease),
        })),
    );
  }

  /** Whether a request is there that is not. */
  #askForNothing(): void {
    const before = this.#server.changes();
    this.#batch([['check', this.#names[0], UNKNOWN_ID, false]]);
    const made = this.#server.changes() - before - 1;
    if (made > 0) throw new Error(`a question whether there is a request made ${made} changes`);
  }

  /** One id is for one request: the server refuses it for another name while it waits. */
  #useOneIdTwice(): void {
    const [held, other] = OWN_NAMES;
    const acquire = (name: string, id: string): unknown[] => ['acquire', id, 1, name, 1_000, 1, 1];
    const [one, two] = HOLDING_IDS;
    const [first, second, waits, again] = this.#batch([
      ...[acquire(held, one), acquire(other, two), acquire(held, WAITING_ID), acquire(other, WAITING_ID)],
      ...[release(held, WAITING_ID), release(held, one), release(other, two)],
    ]);
    const states = [first, second, waits].map((answer) => answer?.[0]);
    if (states.join() !== [Told.held, Told.held, Told.waiting].join())
      throw new Error(`two free names and a wait for one of them are answered ${JSON.stringify(states)}`);
    if (again?.[0] !== Told.refused || again[1] !== Refusal.idInUse)
      throw new Error(`an id that waits for a name is taken for another: ${JSON.stringify(again)}`);
  }

  #batch(operations: readonly unknown[]): unknown[][] {
    const args = [null, INBOX, NAME, operations];
    const [, , answers] = this.#server.run(this.#session, 'lock_batch', args) as [
      number,
      number,
      unknown[][],
    ];
    return answers;
  }

  #page(after: string, count: number): { readonly next: string | null; readonly entries: Entry[] } {
    const args = [null, after, count];
    const [, next, entries] = this.#server.run(this.#session, 'lock_query', args) as [
      number,
      string | null,
      Entry[],
    ];
    return { next, entries };
  }

  #told(type: number, body: unknown): void {
    const { id, event, args } = body as { id: number; event: string; args: unknown[] };
    const watched = this.#watched.get(id);
    if (type !== PushType.emit || watched === undefined) return;
    const [name, owner, token, want, limit, why] = args as [string, string, number, number, number, number];
    if (name !== watched) throw new Error(`"${name}" was told of in the room of "${watched}"`);
    this.#tally?.toldOfOne(name);
    const what = OF_LEASES.find((one) => one === event);
    if (what === undefined) return;
    const reason = takenAway(why) ?? null;
    this.#note({
      event: 'told',
      watch: watchOf(name),
      what,
      owner,
      token,
      mode: modeOf(limit),
      want,
      reason,
    });
  }

  #note(event: TakerEvent): void {
    this.#records.push({ process: NAME, atMs: this.#world.ms, ...event });
  }
}

function release(name: string, id: string): unknown[] {
  return ['release', name, id];
}

/** What is told of leases, not of those who wait. */
const OF_LEASES = ['acquired', 'released', 'expired', 'lost'] as const;

function watchOf(name: string): string {
  return `${NAME}/${name}`;
}

function isHeldAround(lease: Granted, atMs: number): boolean {
  const { granted, releasing, handingOn, aborted } = lease;
  const ends = [releasing, handingOn, aborted].map((record) => record?.atMs ?? Infinity);
  const endMs = Math.min(deadlineMs(lease), ...ends);
  return granted.atMs < atMs - ON_ITS_WAY_MS && endMs > atMs + TOLD_TOGETHER_MS + ON_ITS_WAY_MS;
}

/** Whether what was told then is that it was asked for at this time. */
function isAnswerTo(toldMs: number, askedMs: number): boolean {
  return toldMs >= askedMs && toldMs <= askedMs + TOLD_TOGETHER_MS + ON_ITS_WAY_MS;
}
