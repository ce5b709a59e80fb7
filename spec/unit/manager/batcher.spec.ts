import { Batcher } from '../../../lib/manager/batcher.js';
import { MAX_NAMES, MAX_OPERATIONS, MAX_PLACES, Refusal } from '../../../lib/schema/constants.js';
import type { Answer, BatchAnswer, Operation } from '../../../lib/schema/operations.js';

const release = (id: number): Operation => ({ kind: 'release', name: 'a', id: `id-${id}` });
const idOf = (operation: Operation | undefined): string => (operation as { id: string }).id;

interface Call {
  readonly operations: readonly Operation[];
  /** @param decided how many of its operations the server had the time for */
  readonly answer: (tookMs?: number, decided?: number) => void;
  readonly fail: (error: Error) => void;
}

let calls: Call[];
let batcher: Batcher;
let nowMs: number;

/** The other nodes, as far as they can be nudged. */
const nudges = {
  isPossible: false,
  count: 0,
  rooms: new Set<unknown>(),
  nudge(room: unknown): void {
    nudges.count++;
    nudges.rooms.add(room);
  },
};

beforeEach(() => {
  calls = [];
  nowMs = 0;
  Object.assign(nudges, { isPossible: false, count: 0 });
  nudges.rooms.clear();
  batcher = new Batcher(
    (operations) =>
      new Promise<BatchAnswer>((resolve, reject) => {
        const answer = (tookMs = 0.2, decided = Infinity): void =>
          resolve({
            at: 1,
            room: 5,
            sentMs: nowMs - tookMs,
            receivedMs: nowMs,
            wasRepeated: false,
            answers: operations.map((_, i) =>
              i < decided ? { state: 'ended', was: 'gone' } : { state: 'refused', code: Refusal.notDecided },
            ),
          });
        calls.push({ operations, answer, fail: reject });
      }),
    nudges,
  );
});

interface Answered {
  readonly answer: Answer;
  readonly told: BatchAnswer;
}

const ask = (operation: Operation, isUrgent = false): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const answered = (answer: Answer, told: BatchAnswer): void => resolve({ answer, told });
    batcher.ask({ operation, answered, failed: reject }, isUrgent);
  });

const turn = () => new Promise((resolve) => setImmediate(resolve));
const sizes = () => calls.map(({ operations }) => operations.length);

it('what is urgent goes out at once before code of a caller runs, with what was asked before it; what is not waits', async () => {
  void ask(release(1));
  batcher.flushUrgent();
  expect(calls).toEqual([]);
  void ask(release(2), true);
  batcher.flushUrgent();
  expect(sizes()).toEqual([2]);
  void ask(release(3), true);
  batcher.flushUrgent();
  void ask(release(4));
  await turn();
  expect(sizes()).toEqual([2, 1, 1]);
});

it('what is asked in one turn travels in one call, in the order in which it was asked', async () => {
  const asked = [1, 2, 3].map((id) => ask(release(id)));
  expect(calls).toEqual([]);
  await turn();
  expect(calls.map(({ operations }) => operations.map(idOf))).toEqual([['id-1', 'id-2', 'id-3']]);
  calls[0]?.answer();
  expect((await Promise.all(asked)).map(({ answer, told }) => [answer.state, told.room])).toEqual(
    Array(3).fill(['ended', 5]),
  );
});

it('so does what is asked by those who go on in the same turn', async () => {
  const first = [1, 2].map((id) => ask(release(id)));
  await turn();
  const next = first.map(async (asked, i) => {
    await asked;
    // As an acquisition does: some promises later.
    await Promise.resolve().then(() => undefined);
    void ask(release(10 + i));
  });
  calls[0]?.answer();
  await Promise.all(next);
  await turn();
  expect(sizes()).toEqual([2, 2]);
});

it('a lone one goes out in the turn in which it is asked', async () => {
  void ask(release(1));
  await Promise.resolve();
  await new Promise<void>((resolve) => process.nextTick(resolve));
  expect(sizes()).toEqual([1]);
});

it('what is urgent is out before a promise that is settled after it goes on', async () => {
  let sizesThen: number[] = [];
  const asked = Promise.resolve().then(() => {
    void ask(release(1));
    void ask(release(2), true);
    // What stands for the grant, on which the caller's code goes on.
    return Promise.resolve().then(() => (sizesThen = sizes()));
  });
  await asked;
  expect(sizesThen).toEqual([2]);
  await turn();
  expect(sizes()).toEqual([2]);
});

it('what failed fails for all that travelled together, and for nobody else', async () => {
  const settled = (asked: Promise<Answered>): Promise<string> =>
    asked.then(
      () => 'answered',
      (error: Error) => error.message,
    );
  const first = [1, 2].map((id) => settled(ask(release(id))));
  await turn();
  const second = settled(ask(release(3)));
  await turn();
  calls[0]?.fail(new Error('no'));
  calls[1]?.answer();
  expect(await Promise.all([...first, second])).toEqual(['no', 'no', 'answered']);
});

it('no call holds more than the server takes', async () => {
  for (let id = 0; id < MAX_OPERATIONS + 3; id++) void ask(release(id));
  await turn();
  expect(sizes()).toEqual([MAX_OPERATIONS, 3]);
});

/** A request for so many names. */
function acquire(number: number, count: number): Operation {
  const names = Array.from({ length: count }, (_, i) => `${number}-${i}`);
  return { kind: 'acquire', terms: { names, id: `id-${number}`, number, ttlMs: 1_000, units: 1, limit: 1 } };
}

it('no call is for more names than the server takes, and each operation is in one call, in its place', async () => {
  const full = MAX_PLACES / MAX_NAMES;
  for (let id = 0; id <= full; id++) void ask(acquire(id, MAX_NAMES));
  await turn();
  expect(sizes()).toEqual([full, 1]);
  // What is no request counts as one name.
  for (let id = 1; id < full; id++) void ask(acquire(id, MAX_NAMES));
  for (let id = 0; id < MAX_NAMES; id++) void ask(release(id));
  void ask(acquire(0, 1));
  await turn();
  expect(sizes().slice(2)).toEqual([full - 1 + MAX_NAMES, 1]);
  expect(calls.at(-1)?.operations).toEqual([acquire(0, 1)]);
});

/** Asks for so many at once. A server answers them whose calls take so long, by how many of them are made at once. */
async function askAll(count: number, tookMs: (calls: number) => number): Promise<number> {
  const before = calls.length;
  const asked = Array.from({ length: count }, (_, id) => ask(release(id)));
  await turn();
  const made = calls.slice(before);
  nowMs += tookMs(made.length);
  for (const call of made) call.answer(tookMs(made.length));
  await Promise.all(asked);
  return made.length;
}

async function askAgain(times: number, tookMs: (calls: number) => number): Promise<number[]> {
  const made: number[] = [];
  for (let i = 0; i < times; i++) made.push(await askAll(64, tookMs));
  return made;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
/** A cluster whose nodes acknowledge late: what is made alone takes long, what is made beside others does not. */
const lateAcknowledgements = (made: number): number => (made > 8 ? 6 : 44);
/** A machine with too much to do: each call costs it some. */
const busy = (made: number): number => 15 + made;
const quick = (): number => 1;

it('where many small calls do more than a large one, what is asked soon travels in many small ones', async () => {
  const made = await askAgain(500, lateAcknowledgements);
  expect(made[0]).toBe(1);
  const apart = made.slice(20).filter((count) => count === 16).length;
  expect(apart / (made.length - 20)).toBeGreaterThan(0.9);
});

it('so it does where every second large one is quick', async () => {
  const made = await askAgain(500, (count) => (count > 8 ? 6 : calls.length % 2 === 0 ? 44 : 1));
  const apart = made.slice(20).filter((count) => count === 16).length;
  expect(apart / (made.length - 20)).toBeGreaterThan(0.9);
});

it('there they keep so many calls in flight, also when the answers come one by one', async () => {
  await askAgain(50, lateAcknowledgements);
  const before = calls.length;
  const asked = Array.from({ length: 64 }, (_, id) => ask(release(id)));
  await turn();
  const [first] = calls.slice(before);
  first?.answer(6);
  await Promise.all(asked.slice(0, 4));
  for (let id = 0; id < 4; id++) void ask(release(id));
  await turn();
  expect(sizes().slice(before)).toEqual(Array(17).fill(4));
});

it('on a machine that is merely busy they go on travelling together, but for a trial now and then', async () => {
  const made = await askAgain(2_000, busy);
  expect(sum(made) / made.length).toBeLessThan(3);
});

it('a single slow call changes nothing', async () => {
  await askAgain(1, lateAcknowledgements);
  expect(await askAgain(3, quick)).toEqual([1, 1, 1]);
  expect(await askAgain(1, lateAcknowledgements)).toEqual([1]);
  expect(await askAgain(3, quick)).toEqual([1, 1, 1]);
});

it('where calls are quick again, all travel together again', async () => {
  expect((await askAgain(50, lateAcknowledgements)).at(-1)).toBe(16);
  const made = await askAgain(3_000, (count) => 0.5 + count / 32);
  expect(new Set(made.slice(-100))).toEqual(new Set([1]));
});

it('reads, and what is asked for alone, say nothing of how long a change takes', async () => {
  for (let i = 0; i < 12; i++) await askAll(1, () => 44);
  for (let i = 0; i < 12; i++) {
    const reads = [1, 2].map((id) => ask({ kind: 'check', name: 'a', id: `id-${id}`, isSure: false }));
    await turn();
    calls.at(-1)?.answer(44);
    await Promise.all(reads);
  }
  expect(await askAll(64, quick)).toBe(1);
});

it('what the server had no time for in one call is asked for in another', async () => {
  const asked = [1, 2, 3].map((id) => ask(release(id)));
  await turn();
  calls[0]?.answer(0.2, 1);
  await turn();
  expect(calls[1]?.operations.map(idOf)).toEqual(['id-2', 'id-3']);
  calls[1]?.answer();
  expect((await Promise.all(asked)).map(({ answer }) => answer.state)).toEqual(Array(3).fill('ended'));
});

it('a server that decides not even the first operation is not asked for ever', async () => {
  const asked = ask(release(1));
  await turn();
  calls[0]?.answer(0.2, 0);
  expect((await asked).answer).toEqual({ state: 'refused', code: Refusal.notDecided });
  expect(calls).toHaveLength(1);
});

describe('where other nodes can be nudged', () => {
  beforeEach(() => (nudges.isPossible = true));
  /** Quick after a nudge. */
  const mended = (): number => (nudges.count > 0 ? 1 : 44);

  it('they are, after each slow change from the second on, and all goes on travelling together', async () => {
    const made = await askAgain(500, mended);
    expect([nudges.count, ...nudges.rooms]).toEqual([499, 5]);
    expect(new Set(made)).toEqual(new Set([1]));
  });

  it('they are for lone calls too, but not for reads', async () => {
    for (let i = 0; i < 4; i++) await askAll(1, mended);
    expect(nudges.count).toBe(3);
    const read = ask({ kind: 'check', name: 'a', id: 'id-1', isSure: false });
    await turn();
    calls.at(-1)?.answer(44);
    await read;
    expect(nudges.count).toBe(3);
  });

  it('what stays slow all the same is tried in small calls', async () => {
    const made = await askAgain(500, lateAcknowledgements);
    expect(made.slice(0, 18)).toEqual(Array(18).fill(1));
    const apart = made.slice(50).filter((count) => count === 16).length;
    expect(apart / (made.length - 50)).toBeGreaterThan(0.9);
  });

  it('where each call is slow, nudges that are tried again and again leave what was learned as it is', async () => {
    // A distant cluster: so many small calls at once do more than one large one, and all of them are slow.
    const distant = (count: number): number => (count > 8 ? 30 : 60);
    const made = await askAgain(10_000, distant);
    expect(nudges.count).toBeGreaterThan(100);
    // In five minutes large calls are tried every half minute, and more often at the beginning.
    const turns = made.filter((count, i) => count === 1 && made[i - 1] === 16).length;
    expect(turns).toBeLessThan(16);
  });

  it('what travelled in small calls travels together again when nudges make it quick', async () => {
    await askAgain(500, lateAcknowledgements);
    const before = nudges.count;
    const made = await askAgain(500, (count) =>
      nudges.count > before ? 1 : 6 + lateAcknowledgements(count),
    );
    expect([made[0], made.at(-1)]).toEqual([16, 1]);
  });

  it('so is what cannot be nudged any more', async () => {
    await askAgain(50, mended);
    nudges.isPossible = false;
    const made = await askAgain(500, lateAcknowledgements);
    expect(made.slice(50).filter((count) => count === 16).length).toBeGreaterThan(0.9 * 450);
  });
});
