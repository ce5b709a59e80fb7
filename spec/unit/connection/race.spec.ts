import { Deferred } from '../../../lib/async/deferred.js';
import { Race, type Attempt } from '../../../lib/connection/race.js';
import { LockConnectionError, LockPermissionError, LockProtocolError } from '../../../lib/errors.js';
import { pass, rest, resumeTime, stopTime } from '../../support/fake-time.js';
import { outcome } from '../../support/outcome.js';

class Try implements Attempt<string> {
  readonly #ready = new Deferred<string>();
  readonly ready = this.#ready.promise;
  readonly atMs = Math.round(performance.now() - startMs);
  isCancelled = false;

  constructor(readonly index: number) {}

  succeed(): void {
    this.#ready.resolve(`node ${this.index}`);
  }

  fail(error: Error = new LockConnectionError(`try ${this.index} failed`)): void {
    this.#ready.reject(error);
  }

  cancel(): void {
    this.isCancelled = true;
  }
}

let startMs: number;
let tries: Try[];

beforeEach(() => {
  stopTime();
  startMs = performance.now();
  tries = [];
});

afterEach(resumeTime);

function race(nodes: number, mayRepeat = true): Race<string> {
  const begin = (n: number): Try => {
    const made = new Try(n);
    tries.push(made);
    return made;
  };
  return new Race({ nodes, begin, mayRepeat });
}

const at = (n: number): Try => tries[n] as Try;
const times = (): number[] => tries.map(({ atMs }) => atMs);

it('the first node that is ready wins, and no other is asked', async () => {
  const { winner } = race(3);
  at(0).succeed();
  expect(await winner).toBe('node 0');
  await pass(60_000);
  expect(tries).toHaveLength(1);
});

it('a node that hangs is joined by the next after half a second, and cancelled when that is ready', async () => {
  const { winner } = race(3);
  await pass(500);
  expect(times()).toEqual([0, 500]);
  at(1).succeed();
  expect(await winner).toBe('node 1');
  expect(tries.map(({ isCancelled }) => isCancelled)).toEqual([true, false]);
  await pass(60_000);
  expect(tries).toHaveLength(2);
});

it('a node that hangs may still win', async () => {
  const { winner } = race(2);
  await pass(700);
  at(0).succeed();
  expect(await winner).toBe('node 0');
  expect(at(1).isCancelled).toBe(true);
});

describe('an address where something else than ThingsDB answers', () => {
  const rubbish = new LockProtocolError('not a ThingsDB package');

  it('is passed by', async () => {
    const { winner } = race(3);
    at(0).fail(rubbish);
    await rest();
    at(1).succeed();
    expect(await winner).toBe('node 1');
  });

  it.each([
    ['first', [rubbish, undefined]],
    ['last', [undefined, rubbish]],
  ])('as the %s of two leaves hope while the other may come back', async (_, failures) => {
    const { winner } = race(2);
    at(0).fail(failures[0]);
    await rest();
    at(1).fail(failures[1]);
    await expect(winner).rejects.toBeInstanceOf(LockConnectionError);
  });

  it('is told when all are like that', async () => {
    const { winner } = race(2);
    at(0).fail(rubbish);
    await rest();
    at(1).fail(new LockProtocolError('another'));
    await expect(winner).rejects.toBe(rubbish);
  });
});

it('a node that fails is followed by the next at once', async () => {
  const { winner } = race(3);
  at(0).fail();
  await rest();
  at(1).fail();
  await rest();
  expect(times()).toEqual([0, 0, 0]);
  at(2).succeed();
  expect(await winner).toBe('node 2');
});

it('rejects when every node has failed', async () => {
  const { winner } = race(2);
  at(0).fail();
  await rest();
  at(1).fail();
  expect(await outcome(winner)).toMatchObject({ error: { message: 'try 1 failed' } });
  await pass(60_000);
  expect(tries).toHaveLength(2);
});

it('waits for a node that hangs although the others have failed', async () => {
  const { winner } = race(2);
  await pass(500);
  at(1).fail();
  await rest();
  expect(await outcome(winner)).toBe('pending');
  at(0).succeed();
  expect(await winner).toBe('node 0');
});

it('a single node that hangs is tried anew beside the first try, ever more rarely, three times', async () => {
  const { winner } = race(1);
  await pass(60_000);
  expect(times()).toEqual([0, 500, 1_500, 3_500]);
  at(2).succeed();
  expect(await winner).toBe('node 2');
  expect(tries.map(({ isCancelled }) => isCancelled)).toEqual([true, true, false, true]);
});

it('a client of the caller is not asked for again while it makes one', async () => {
  const { winner } = race(1, false);
  await pass(60_000);
  expect(tries).toHaveLength(1);
  at(0).fail();
  expect(await outcome(winner)).toMatchObject({ error: { message: 'try 0 failed' } });
});

it('what no other node can help against ends it', async () => {
  const { winner } = race(3);
  await pass(500);
  at(0).fail(new LockPermissionError('wrong password'));
  expect(await outcome(winner)).toMatchObject({ error: { code: 'LOCK_PERMISSION' } });
  expect(at(1).isCancelled).toBe(true);
  await pass(60_000);
  expect(tries).toHaveLength(2);
});

it('that is cancelled cancels every try, and rejects with the reason', async () => {
  const cancelled = race(2);
  await pass(500);
  cancelled.cancel(new LockConnectionError('closed'));
  expect(await outcome(cancelled.winner)).toMatchObject({ error: { message: 'closed' } });
  expect(tries.map(({ isCancelled }) => isCancelled)).toEqual([true, true]);
  at(0).succeed();
  await pass(60_000);
  expect(tries).toHaveLength(2);
});
