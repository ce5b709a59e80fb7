import { Batcher, type Answered } from '../../../lib/manager/batcher.js';
import { MAX_OPERATIONS } from '../../../lib/schema/constants.js';
import type { BatchAnswer, Operation } from '../../../lib/schema/operations.js';

const release = (id: number): Operation => ({ kind: 'release', name: 'a', id: `id-${id}` });
const idOf = (operation: Operation | undefined): string => (operation as { id: string }).id;

interface Call {
  readonly operations: readonly Operation[];
  readonly answer: (tookMs?: number) => void;
  readonly fail: (error: Error) => void;
}

let calls: Call[];
let batcher: Batcher;

beforeEach(() => {
  calls = [];
  batcher = new Batcher(
    (operations) =>
      new Promise<BatchAnswer>((resolve, reject) => {
        const answer = (tookMs = 0.2): void =>
          resolve({
            at: 1,
            room: 5,
            sentMs: 0,
            receivedMs: tookMs,
            wasRepeated: false,
            answers: operations.map(() => ({ state: 'ended', was: 'held' })),
          });
        calls.push({ operations, answer, fail: reject });
      }),
  );
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
const sizes = () => calls.map(({ operations }) => operations.length);

it('what is asked in one turn travels in one call, in the order in which it was asked', async () => {
  const asked = [1, 2, 3].map((id) => batcher.ask(release(id)));
  expect(calls).toEqual([]);
  await turn();
  expect(calls.map(({ operations }) => operations.map(idOf))).toEqual([['id-1', 'id-2', 'id-3']]);
  calls[0]?.answer();
  expect((await Promise.all(asked)).map(({ answer, room }) => [answer.state, room])).toEqual(
    Array(3).fill(['ended', 5]),
  );
});

it('so does what is asked by those who go on in the same turn', async () => {
  const first = [1, 2].map((id) => batcher.ask(release(id)));
  await turn();
  const next = first.map(async (asked, i) => {
    await asked;
    // As an acquisition does: some promises later.
    await Promise.resolve().then(() => undefined);
    void batcher.ask(release(10 + i));
  });
  calls[0]?.answer();
  await Promise.all(next);
  await turn();
  expect(sizes()).toEqual([2, 2]);
});

it('a lone one goes out in the turn in which it is asked', async () => {
  void batcher.ask(release(1));
  await Promise.resolve();
  await new Promise<void>((resolve) => process.nextTick(resolve));
  expect(sizes()).toEqual([1]);
});

it('what is urgent is out before a promise that is settled after it goes on', async () => {
  let sizesThen: number[] = [];
  const asked = Promise.resolve().then(() => {
    void batcher.ask(release(1));
    void batcher.ask(release(2), true);
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
  const first = [1, 2].map((id) => settled(batcher.ask(release(id))));
  await turn();
  const second = settled(batcher.ask(release(3)));
  await turn();
  calls[0]?.fail(new Error('no'));
  calls[1]?.answer();
  expect(await Promise.all([...first, second])).toEqual(['no', 'no', 'answered']);
});

it('no call holds more than the server takes', async () => {
  for (let id = 0; id < MAX_OPERATIONS + 3; id++) void batcher.ask(release(id));
  await turn();
  expect(sizes()).toEqual([MAX_OPERATIONS, 3]);
});

async function askAll(count: number, tookMs: number): Promise<number> {
  const before = calls.length;
  const asked = Array.from({ length: count }, (_, id) => batcher.ask(release(id)));
  await turn();
  const made = calls.slice(before);
  for (const call of made) call.answer(tookMs);
  await Promise.all(asked);
  return made.length;
}

it('where changes are slow fewer travel together, down to one each, which is not batching', async () => {
  const made: number[] = [];
  for (let i = 0; i < 12; i++) made.push(await askAll(64, 44));
  expect(made[0]).toBe(1);
  expect(made.at(-1)).toBe(64);
});

it('where they are quick again, all travel together again', async () => {
  for (let i = 0; i < 12; i++) await askAll(64, 44);
  const made: number[] = [];
  for (let i = 0; i < 4; i++) made.push(await askAll(64, 1));
  expect(made.at(-1)).toBe(1);
});

it('reads say nothing of how long a change takes', async () => {
  for (let i = 0; i < 12; i++) await askAll(64, 44);
  const before = calls.length;
  const read = batcher.ask({ kind: 'check', name: 'a', id: 'id', isSure: false });
  await turn();
  calls[before]?.answer(0.1);
  await read;
  expect(await askAll(64, 44)).toBe(64);
});
