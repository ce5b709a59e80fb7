import { LockConnectionError } from '../../../lib/index.js';
import { LockBoard } from '../../../lib/ui/lock-board.js';
import { LockFeed } from '../../../lib/ui/lock-feed.js';
import type { GapView } from '../../../lib/ui/messages.js';
import { ServerTime } from '../../../lib/ui/server-time.js';
import { FakeLockSource, happening, held, pending } from '../../support/fake-lock-source.js';

let source: FakeLockSource;
let board: LockBoard;
let feed: LockFeed;
let statuses: string[];
let gaps: GapView[];

beforeEach(() => {
  jest.useFakeTimers();
  source = new FakeLockSource();
  statuses = [];
  gaps = [];
  board = new LockBoard({ mostNames: 2_500, tell: () => undefined });
  const listener = {
    changed: () => undefined,
    status: (state: string, reason?: string) =>
      void statuses.push(reason === undefined ? state : `${state}: ${reason}`),
    gap: (gap: GapView) => void gaps.push(gap),
  };
  feed = new LockFeed(source.manager, board, new ServerTime(), listener, 2_500);
});

afterEach(() => {
  feed.stop();
  expect(source.open).toBe(0);
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

const after = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
const owners = (): string[] =>
  board.views(() => false).flatMap((lock) => lock.held.map(({ owner }) => owner));

it('watches before it asks, asks for every page, and is live then', async () => {
  source.held = Array.from({ length: 2_300 }, (_, i) => held(`n${String(i).padStart(4, '0')}`, 'x', i));
  feed.start();
  await after(0);
  expect(source.open).toBe(1);
  expect(source.queries).toEqual([
    { after: '', limit: 1_000 },
    { after: 'n0999', limit: 1_000 },
    { after: 'n1999', limit: 1_000 },
  ]);
  expect(board.size).toBe(2_300);
  expect(statuses).toEqual(['live']);
  expect(gaps).toEqual([]);
});

it('asks again for all after three seconds, as renewals are not told', async () => {
  source.held = [held('a', 'x', 1, 1_000)];
  feed.start();
  await after(2_900);
  expect(source.queries).toHaveLength(1);
  const [before] = board.views(() => false);
  source.held = [held('a', 'x', 1, 60_000)];
  await after(200);
  expect(source.queries).toHaveLength(2);
  const [renewed] = board.views(() => false);
  expect((renewed?.held[0]?.endsMs ?? 0) - (before?.held[0]?.endsMs ?? 0)).toBeGreaterThan(55_000);
});

it('asks soon, and for nothing else, about a name whose queue it does not know', async () => {
  feed.start();
  await after(0);
  source.pending = [pending('a', 'y')];
  source.tell(happening('acquired', 'a', 'x', { fencingToken: 1, queueLength: 1, atMs: Date.now() }));
  source.held = [held('a', 'x', 1)];
  await after(150);
  expect(source.queries).toEqual([{ after: '', limit: 1_000 }, 'a']);
  expect(board.views(() => false)[0]?.waiting).toMatchObject([{ owner: 'y' }]);
  await after(1_000);
  expect(source.queries).toHaveLength(2);
});

it('while the connection is away says so, and tells the gap once all was asked for again', async () => {
  feed.start();
  await after(0);
  source.emit('disconnected', { reason: new LockConnectionError('cut') });
  expect(statuses.at(-1)).toBe('away: cut');
  // Questions are answered again before the watch tells anything again.
  await after(5_000);
  expect(statuses.at(-1)).toBe('away: cut');
  source.held = [held('a', 'x', 1)];
  source.resume();
  await after(0);
  expect(statuses.at(-1)).toBe('live');
  expect(owners()).toEqual(['x']);
  expect(gaps).toHaveLength(1);
  const [{ fromMs, toMs } = { fromMs: 0, toMs: 0 }] = gaps;
  expect(toMs - fromMs).toBe(5_000);
});

it('tries again after a second what has failed, the watch as well', async () => {
  source.failure = new LockConnectionError('nobody there');
  feed.start();
  await after(2_500);
  expect(statuses).toEqual(['away: nobody there', 'away: nobody there', 'away: nobody there']);
  source.failure = undefined;
  await after(1_000);
  expect(statuses.at(-1)).toBe('live');
  expect(source.open).toBe(1);
});

it('waits a second before it makes a watch anew that fails as soon as it is made', async () => {
  const make = source.watch.bind(source);
  source.watch = async () => {
    const watch = await make();
    setTimeout(() => watch.isClosed || watch.emit('error', new LockConnectionError('no room')), 1);
    return watch;
  };
  feed.start();
  await after(5_500);
  expect(source.watches).toHaveLength(6);
  expect(statuses.at(-1)).toBe('away: no room');
  source.watch = make;
  await after(1_000);
  expect(source.watches).toHaveLength(7);
  expect(statuses.at(-1)).toBe('live');
});

it('takes no answer for news that has come since it was asked for', async () => {
  source.held = [held('a', 'x', 1)];
  source.beforeAnswer = () => {
    source.beforeAnswer = () => undefined;
    source.tell(happening('released', 'a', 'x', { fencingToken: 1, atMs: Date.now() }));
    source.tell(happening('acquired', 'a', 'y', { fencingToken: 2, atMs: Date.now() }));
  };
  feed.start();
  await after(0);
  expect(owners()).toEqual(['y']);
});

it('asks in its share of the time only, however slow the answers are', async () => {
  source.beforeAnswer = () => jest.setSystemTime(Date.now());
  const slow = source.query.bind(source);
  source.query = async (which) => {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return slow(which);
  };
  feed.start();
  await after(60_000);
  // A second of asking, then nineteen or twenty of rest.
  expect(source.queries.length).toBeLessThanOrEqual(3);
});
