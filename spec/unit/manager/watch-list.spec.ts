import { PackageType } from '../../../lib/client/package-type.js';
import { LockConnectionError, LockPermissionError } from '../../../lib/errors.js';
import { WatchList } from '../../../lib/manager/watch-list.js';
import type { LockWatch, LockWatchEvents } from '../../../lib/lock-watch.js';
import { SHARED_LIMIT, Why } from '../../../lib/schema/constants.js';
import { pass, rest, resumeTime, stopTime } from '../../support/fake-time.js';
import type { RoomId } from '../../../lib/schema/replies.js';
import { FakeWatches } from '../../support/fake-watches.js';
import { outcome } from '../../support/outcome.js';

const ROOM = 5;
const TOKEN = 42;
const MOST_NAMES = 1_024;
const noAnswer = () => new LockConnectionError('no answer');

let procedures: FakeWatches;
let join: jest.Mock<Promise<boolean>, [RoomId]>;
let left: RoomId[];
let holds: number;
let list: WatchList;

beforeEach(() => {
  stopTime();
  procedures = new FakeWatches();
  join = jest.fn<Promise<boolean>, [RoomId]>(() => Promise.resolve(true));
  left = [];
  holds = 0;
  list = new WatchList(
    procedures,
    join,
    (roomId) => left.push(roomId),
    () => {
      holds++;
      return () => void holds--;
    },
  );
});

afterEach(async () => {
  list.closeAll();
  await rest();
  expect(holds).toBe(0);
  resumeTime();
});

/** What was asked to be watched, request by request. */
const asked = () => procedures.calls.map(({ names }) => names);
const joined = () => join.mock.calls.map(([roomId]) => roomId);
/** The server's rooms: 5 for the first name that is asked for, and so on. */
const rooms = new Map<string, number>();
beforeEach(() => rooms.clear());

function roomOf(name: string): number {
  const room = rooms.get(name) ?? ROOM + rooms.size;
  rooms.set(name, room);
  return room;
}

async function answer(): Promise<void> {
  const call = procedures.last;
  call.answer(call.names.map(roomOf));
  await rest();
}

function called<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function watching(name = 'my-lock'): Promise<LockWatch> {
  const watch = called(list.open(name));
  await answer();
  return watch;
}

/** What a watch tells, as it comes. */
function heardBy(watch: LockWatch<string | undefined>): [event: string, payload?: unknown][] {
  const heard: [string, unknown?][] = [];
  const events: (keyof LockWatchEvents)[] = [
    ...(['waiting', 'withdrawn', 'acquired', 'released', 'expired', 'lost', 'adopted'] as const),
    ...(['resumed', 'error'] as const),
  ];
  for (const event of events)
    watch.on(event, (...payload: unknown[]) => heard.push([event, ...payload] as [string, unknown?]));
  return heard;
}

const push = (event: string, args: unknown, room = ROOM) =>
  list.pushed(PackageType.roomEmit, { id: room, event, args });
const removeRoom = (id = ROOM) => list.pushed(PackageType.roomDelete, { id });
const AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const about = (name: string, { want = 1, limit = 1, why = 0, lasted = 250, ttl = 0 } = {}) => [
  ...[name, 'someone', TOKEN, want, limit, why],
  ...[AT_MS * 1000, AT_MS * 1000 - lasted, 2, ttl, false],
];
/** The same, as it is told to those who watch. */
const TOLD = {
  ...{ name: 'my-lock', mode: 'exclusive', count: 1, permits: 1, owner: 'someone' },
  ...{ at: new Date(AT_MS), lastedMs: 0.25, queueLength: 2 },
};

describe('opening a watch', () => {
  it('asks for a room, joins it, and resolves when it is in', async () => {
    let letIn = (_isKnown: boolean): void => undefined;
    join.mockImplementation(() => new Promise((resolve) => (letIn = resolve)));
    const watch = list.open('my-lock');
    expect(asked()).toEqual([['my-lock']]);
    await answer();
    expect(joined()).toEqual([ROOM]);
    expect(await outcome(watch)).toBe('pending');
    letIn(true);
    expect((await watch).name).toBe('my-lock');
  });

  it('keeps the process and the connection alive until it is closed', async () => {
    expect(list.isEmpty).toBe(true);
    const watch = await watching();
    expect([holds, list.isEmpty]).toEqual([1, false]);
    watch.close();
    watch.close();
    expect([holds, list.isEmpty]).toEqual([0, true]);
  });

  it('of a room that the node does not know yet tries again, 1 s long', async () => {
    join.mockResolvedValueOnce(false).mockResolvedValueOnce(false);
    const watch = list.open('my-lock');
    await answer();
    expect(await outcome(watch)).toBe('pending');
    await pass(100);
    expect((await watch).name).toBe('my-lock');
    expect(joined()).toEqual([ROOM, ROOM, ROOM]);
  });

  it('joins the room once, however many watch the name', async () => {
    await watching();
    await watching();
    expect(joined()).toEqual([ROOM]);
  });

  it('of a name whose room is just being joined waits until it is', async () => {
    let letIn = (_isKnown: boolean): void => undefined;
    join.mockImplementation(() => new Promise((resolve) => (letIn = resolve)));
    const first = list.open('my-lock');
    await answer();
    const second = list.open('my-lock');
    await answer();
    expect(await outcome(second)).toBe('pending');
    letIn(true);
    await Promise.all([first, second]);
    expect(joined()).toEqual([ROOM]);
  });

  it.each<[string, Error]>([
    ['has no answer', noAnswer()],
    ['is refused', new LockPermissionError('no')],
  ])('rejects when it %s, and leaves nothing', async (_how, error) => {
    const watch = called(list.open('my-lock'));
    procedures.last.fail(error);
    expect(await outcome(watch)).toEqual({ error });
    expect([holds, list.isEmpty]).toEqual([0, true]);
  });

  it('of a name that the server has no place for rejects, and leaves nothing', async () => {
    await watching('another');
    const watch = called(list.open('my-lock'));
    procedures.last.answer([undefined]);
    expect(await outcome(watch)).toMatchObject({ error: { code: 'LOCK_LIMIT' } });
    expect([holds, joined()]).toEqual([1, [ROOM]]);
    await pass(40_000);
    expect(asked().at(-1)).toEqual(['another']);
  });

  it('of more names than one manager may watch is refused before anything is sent; all names it may watch', async () => {
    for (let i = 0; i < MOST_NAMES; i++) await watching(`name ${i}`);
    expect(await outcome(list.open('one more'))).toMatchObject({ error: { code: 'LOCK_LIMIT' } });
    expect(asked()).toHaveLength(MOST_NAMES);
    const again = await watching('name 0');
    const all = called(list.open(undefined));
    await answer();
    await all;
    again.close();
    expect(holds).toBe(MOST_NAMES + 1);
  });

  it('rejects when the room cannot be joined, and the next one that opens tries again', async () => {
    const error = noAnswer();
    join.mockRejectedValueOnce(error);
    const watch = called(list.open('my-lock'));
    await answer();
    expect(await outcome(watch)).toEqual({ error });
    await watching();
    expect(joined()).toEqual([ROOM, ROOM]);
  });

  it('rejects when the manager closes meanwhile, although it is answered', async () => {
    const watch = called(list.open('my-lock'));
    list.closeAll();
    await answer();
    expect(await outcome(watch)).toMatchObject({ error: { code: 'LOCK_CLOSED' } });
    expect(joined()).toEqual([]);
    await pass(200_000);
    expect(asked()).toHaveLength(1);
  });

  it('leaves the room again when the manager closes while it is joined', async () => {
    let letIn = (_isKnown: boolean): void => undefined;
    join.mockImplementation(() => new Promise((resolve) => (letIn = resolve)));
    const watch = called(list.open('my-lock'));
    await answer();
    list.closeAll();
    await rest();
    expect(left).toEqual([]);
    letIn(true);
    await rest();
    expect(left).toEqual([ROOM]);
    expect(await outcome(watch)).toMatchObject({ error: { code: 'LOCK_CLOSED' } });
  });
});

describe('what is pushed', () => {
  it.each<[string, object]>([
    ['waiting', { ...TOLD, lastedMs: 0 }],
    ['withdrawn', TOLD],
    ['acquired', { ...TOLD, fencingToken: TOKEN, lingers: false, ttl: 60_000 }],
    ['released', { ...TOLD, fencingToken: TOKEN, lingers: false }],
    ['expired', { ...TOLD, fencingToken: TOKEN, lingers: false }],
    ['adopted', { ...TOLD, fencingToken: TOKEN, lingers: false }],
  ])('is told to whoever watches that name: %s', async (event, told) => {
    const heard = [await watching(), await watching()].map(heardBy);
    const other = heardBy(await watching('another'));
    push(event, about('my-lock', { ttl: event === 'acquired' ? 60_000 : 0 }));
    expect(heard).toEqual([[[event, told]], [[event, told]]]);
    expect(other).toEqual([]);
  });

  it.each<[number, string]>([
    [Why.stolen, 'stolen'],
    [Why.forceReleased, 'force-released'],
  ])('is told with the reason when a lease was taken away', async (why, reason) => {
    const heard = heardBy(await watching());
    push('lost', about('my-lock', { why }));
    expect(heard).toEqual([['lost', expect.objectContaining({ fencingToken: TOKEN, reason })]]);
  });

  it.each<[object, object]>([
    [
      { want: 1, limit: SHARED_LIMIT },
      { mode: 'shared', count: 1 },
    ],
    [
      { want: 2, limit: 5 },
      { mode: 'semaphore', count: 2, permits: 5 },
    ],
    [{ lasted: -9 }, { lastedMs: 0 }],
  ])('is told with what it is: %j as %j', async (what, told) => {
    const heard = heardBy(await watching());
    push('acquired', about('my-lock', what));
    expect(heard).toEqual([['acquired', expect.objectContaining(told)]]);
  });

  it.each<[string, () => void]>([
    ['of another room', () => push('acquired', about('my-lock'), ROOM + 1)],
    ['of another name in the room of this one', () => push('acquired', about('another'))],
    ['of no room', () => list.pushed(PackageType.roomEmit, { event: 'acquired', args: about('my-lock') })],
    ['without a body', () => list.pushed(PackageType.roomEmit, undefined)],
    ['with a body that is no map', () => list.pushed(PackageType.roomEmit, 7)],
    ['without arguments', () => push('acquired', undefined)],
    ['with too few of them', () => push('acquired', ['my-lock'])],
    ['of no event', () => push('resumed', about('my-lock'))],
    [
      'that says that somebody has joined',
      () => list.pushed(PackageType.roomJoin, { id: ROOM, args: about('my-lock') }),
    ],
    ['that another room was removed', () => removeRoom(ROOM + 1)],
  ])('and is a message %s is told to nobody', async (_which, message) => {
    const heard = heardBy(await watching());
    expect(message).not.toThrow();
    await rest();
    expect(heard).toEqual([]);
    expect(asked()).toHaveLength(1);
  });

  it('is told before the room is known to be joined, and behind `resumed`: what comes first comes with the answer', async () => {
    const first = await watching();
    const heard = heardBy(first);
    list.disconnected();
    let letIn = (_isKnown: boolean): void => undefined;
    join.mockImplementation(() => new Promise((resolve) => (letIn = resolve)));
    list.reconnected();
    await answer();
    push('acquired', about('my-lock'));
    letIn(true);
    await rest();
    expect(heard.map(([event]) => event)).toEqual(['resumed', 'acquired']);
  });

  it('is not told to one that has been closed', async () => {
    const watch = await watching();
    const other = heardBy(await watching());
    const heard = heardBy(watch);
    watch.close();
    push('acquired', about('my-lock'));
    expect(heard).toEqual([]);
    expect(other).toHaveLength(1);
  });

  it('is told to the others when a listener throws, which is told as `error`', async () => {
    const watch = await watching();
    const thrown = new Error('from a listener');
    watch.on('acquired', () => {
      throw thrown;
    });
    const heard = heardBy(watch);
    const other = heardBy(await watching());
    expect(() => push('acquired', about('my-lock'))).not.toThrow();
    expect(heard).toEqual([
      ['error', thrown],
      ['acquired', expect.anything()],
    ]);
    expect(other.map(([event]) => event)).toEqual(['acquired']);
  });

  it('ends as a warning of the process when a listener of `error` throws', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const watch = await watching();
    const thrown = new Error('from a listener');
    watch.on('error', () => {
      throw thrown;
    });
    list.disconnected();
    list.reconnected();
    procedures.last.fail(new LockPermissionError('no'));
    await rest();
    expect(warn.mock.calls.map(([warning]) => warning)).toEqual([thrown]);
    warn.mockRestore();
  });
});

describe('a watch of all names', () => {
  async function watchingAll(): Promise<LockWatch<undefined>> {
    const watch = called(list.open(undefined));
    await answer();
    return watch;
  }

  it('asks for the one room in which all is told, and is told of any name', async () => {
    const watch = await watchingAll();
    expect([asked(), joined(), watch.name]).toEqual([[['']], [ROOM], undefined]);
    const heard = heardBy(watch);
    push('acquired', about('my-lock'));
    push('released', about('another'));
    expect(heard).toMatchObject([
      ['acquired', { name: 'my-lock' }],
      ['released', { name: 'another' }],
    ]);
  });

  it('beside one of a name: each is told by its own room, and nothing twice', async () => {
    const [all, one] = [heardBy(await watchingAll()), heardBy(await watching())];
    push('acquired', about('my-lock'));
    expect([all.length, one.length]).toEqual([1, 0]);
    push('acquired', about('my-lock'), ROOM + 1);
    expect([all.length, one.length]).toEqual([1, 1]);
  });

  it('is asked for again, and tells `resumed` after a lost connection', async () => {
    const heard = heardBy(await watchingAll());
    await pass(40_000);
    expect(asked()).toEqual([[''], ['']]);
    await answer();
    list.disconnected();
    list.reconnected();
    await answer();
    expect(heard).toEqual([['resumed']]);
  });

  it('leaves its room when the last is closed', async () => {
    const [first, second] = [await watchingAll(), await watchingAll()];
    first.close();
    await rest();
    expect(left).toEqual([]);
    second.close();
    await rest();
    expect(left).toEqual([ROOM]);
  });
});

describe('after a lost connection', () => {
  it('all names are asked for in one request, their rooms joined, and `resumed` is told', async () => {
    const heard = [await watching('a'), await watching('b'), await watching('a')].map(heardBy);
    list.disconnected();
    list.reconnected();
    expect(asked().at(-1)).toEqual(['a', 'b']);
    expect(heard).toEqual([[], [], []]);
    await answer();
    expect(joined()).toEqual([5, 6, 5, 6]);
    expect(heard).toEqual([[['resumed']], [['resumed']], [['resumed']]]);
  });

  it('the first connection, which the request of a watch waits for, is no loss: nothing more is asked or told', async () => {
    const watch = called(list.open('my-lock'));
    list.reconnected();
    await answer();
    const heard = heardBy(await watch);
    await rest();
    expect(asked()).toEqual([['my-lock']]);
    expect(heard).toEqual([]);
  });

  it('one that was just being opened is opened over the next connection, and what it is told there is heard', async () => {
    const letIn: ((isKnown: boolean) => void)[] = [];
    join.mockImplementation(() => new Promise((resolve) => letIn.push(resolve)));
    const watch = called(list.open('my-lock'));
    await answer();
    list.disconnected();
    list.reconnected();
    await answer();
    expect(joined()).toEqual([ROOM, ROOM]);
    for (const resolve of letIn) resolve(true);
    const heard = heardBy(await watch);
    push('acquired', about('my-lock'));
    expect(heard.map(([event]) => event)).toContain('acquired');
  });

  it('nothing is asked when nobody watches', async () => {
    (await watching()).close();
    list.disconnected();
    list.reconnected();
    await rest();
    expect(asked()).toHaveLength(1);
  });

  it('what is pushed in a room of before is nobody’s', async () => {
    const heard = heardBy(await watching());
    list.disconnected();
    push('acquired', about('my-lock'));
    expect(heard).toEqual([]);
  });

  it('no answer is tried again 40 s later, and `resumed` is told then', async () => {
    const heard = heardBy(await watching());
    list.disconnected();
    list.reconnected();
    procedures.last.fail(noAnswer());
    await rest();
    expect(heard).toEqual([]);
    await pass(39_999);
    expect(asked()).toHaveLength(2);
    await pass(1);
    await answer();
    expect(heard).toEqual([['resumed']]);
  });

  it('a room that could not be joined is joined with the next try: until then it is not resumed', async () => {
    const heard = heardBy(await watching());
    list.disconnected();
    join.mockRejectedValueOnce(noAnswer());
    list.reconnected();
    await answer();
    expect(heard).toEqual([]);
    await pass(40_000);
    await answer();
    expect(joined()).toEqual([ROOM, ROOM, ROOM]);
    expect(heard).toEqual([['resumed']]);
    push('acquired', about('my-lock'));
    expect(heard).toHaveLength(2);
  });

  it('a refusal is told as `error`, and tried again', async () => {
    const heard = heardBy(await watching());
    const error = new LockPermissionError('no');
    list.disconnected();
    list.reconnected();
    procedures.last.fail(error);
    await rest();
    expect(heard).toEqual([['error', error]]);
    await pass(40_000);
    await answer();
    expect(heard.at(-1)).toEqual(['resumed']);
  });

  it('nothing is asked while there is no connection', async () => {
    await watching();
    list.disconnected();
    await pass(500_000);
    expect(asked()).toHaveLength(1);
  });
});

describe('a room that the server removes', () => {
  it('is asked for again, joined, and `resumed` is told to those who watch that name alone', async () => {
    const heard = heardBy(await watching());
    const other = heardBy(await watching('another'));
    removeRoom();
    expect(asked().at(-1)).toEqual(['my-lock']);
    rooms.set('my-lock', 77);
    await answer();
    expect(joined().at(-1)).toBe(77);
    push('released', about('my-lock'), 77);
    expect(heard.map(([event]) => event)).toEqual(['resumed', 'released']);
    expect(other).toEqual([]);
  });

  it('is not asked for again when nobody watches the name any more', async () => {
    const watch = await watching();
    await watching('another');
    watch.close();
    removeRoom();
    await rest();
    expect(asked()).toHaveLength(2);
  });

  it('is told as resumed by the next question for all when its own had no answer', async () => {
    const heard = heardBy(await watching());
    const other = heardBy(await watching('another'));
    removeRoom();
    procedures.last.fail(noAnswer());
    await rest();
    await pass(40_000);
    expect(asked().at(-1)).toEqual(['my-lock', 'another']);
    await answer();
    expect(heard).toEqual([['resumed']]);
    expect(other).toEqual([]);
  });
});

describe('a name that the server has no place for any more', () => {
  it('is told as `error`, and as resumed once it has one; the others go on', async () => {
    const heard = heardBy(await watching());
    const other = heardBy(await watching('another'));
    list.disconnected();
    list.reconnected();
    procedures.last.answer([undefined, 78]);
    await rest();
    expect(heard).toEqual([['error', expect.objectContaining({ code: 'LOCK_LIMIT' })]]);
    expect(other).toEqual([['resumed']]);
    await pass(40_000);
    expect(asked().at(-1)).toEqual(['my-lock', 'another']);
    procedures.last.answer([77, 78]);
    await rest();
    push('acquired', about('my-lock'), 77);
    expect(heard.slice(1).map(([event]) => event)).toEqual(['resumed', 'acquired']);
    expect(other).toHaveLength(1);
  });

  it('is not asked for again once its watch is closed, also while the others are joined', async () => {
    const watch = await watching();
    await watching('another');
    const letIn: ((isKnown: boolean) => void)[] = [];
    join.mockImplementation(() => new Promise((resolve) => letIn.push(resolve)));
    list.disconnected();
    list.reconnected();
    procedures.last.answer([undefined, 78]);
    await rest();
    watch.close();
    for (const resolve of letIn) resolve(true);
    await rest();
    list.disconnected();
    list.reconnected();
    expect(asked().at(-1)).toEqual(['another']);
  });
});

describe('a room that is removed again while it is asked for', () => {
  it('is asked for at the pace that the manager sets, and resumed when its new one is joined', async () => {
    const heard = heardBy(await watching());
    // So often at once.
    for (let times = 0; times < 3; times++) {
      removeRoom();
      await answer();
    }
    const letIn: ((isKnown: boolean) => void)[] = [];
    join.mockImplementation(() => new Promise((resolve) => letIn.push(resolve)));
    list.disconnected();
    list.reconnected();
    await answer();
    // The answer to what has joined it is on its way.
    removeRoom();
    for (const resolve of letIn) resolve(true);
    await rest();
    join.mockResolvedValue(true);
    rooms.set('my-lock', 77);
    await pass(1_000);
    expect(asked().at(-1)).toEqual(['my-lock']);
    const before = heard.length;
    await answer();
    push('acquired', about('my-lock'), 77);
    expect(heard.slice(before).map(([event]) => event)).toEqual(['resumed', 'acquired']);
  });
});

describe('asking again', () => {
  it('is one request for all names, every 40 s: the server forgets a watch after two minutes', async () => {
    await watching('a');
    await watching('b');
    for (let times = 1; times <= 5; times++) {
      await pass(39_999);
      expect(asked()).toHaveLength(1 + times);
      await pass(1);
      expect(asked().at(-1)).toEqual(['a', 'b']);
      await answer();
    }
    expect(joined()).toEqual([5, 6]);
  });

  it('of more names than one call may hold is several calls, and each name is in one of them', async () => {
    const names = Array.from({ length: 130 }, (_, i) => `name ${i}`);
    for (const name of names) await watching(name);
    await pass(40_000);
    const parts = asked().slice(names.length);
    expect(parts.map(({ length }) => length)).toEqual([64, 64, 2]);
    expect(parts.flat()).toEqual(names);
  });

  it('tells nothing: nothing was missed', async () => {
    const heard = heardBy(await watching());
    await pass(40_000);
    await answer();
    expect(heard).toEqual([]);
  });

  it('is not put off by watches that are opened in between', async () => {
    await watching('a');
    for (let seconds = 0; seconds < 120; seconds += 20) {
      await pass(20_000);
      if (asked().at(-1)?.includes('a')) await answer();
      (await watching(`other at ${seconds}`)).close();
    }
    expect(asked().filter((names) => names.includes('a')).length).toBeGreaterThanOrEqual(3);
  });

  it('that had no answer is tried again', async () => {
    await watching();
    await pass(40_000);
    procedures.last.fail(noAnswer());
    await pass(40_000);
    expect(asked()).toHaveLength(3);
  });

  it('ends with the last watch', async () => {
    const all = [await watching('a'), await watching('b')];
    for (const watch of all) watch.close();
    await pass(500_000);
    expect(asked()).toHaveLength(2);
  });
});

describe('closing a watch', () => {
  it('leaves the room when it is the last of its name', async () => {
    const [first, second] = [await watching(), await watching()];
    await watching('another');
    first.close();
    await rest();
    expect(left).toEqual([]);
    second.close();
    await rest();
    expect(left).toEqual([ROOM]);
  });

  it('happens by `using`', async () => {
    {
      using watch = await watching();
      expect(watch.name).toBe('my-lock');
    }
    await rest();
    expect(left).toEqual([ROOM]);
  });

  it('and opening another at once joins the room again, and does not leave it', async () => {
    const watch = await watching();
    watch.close();
    const heard = heardBy(await watching());
    expect(joined()).toEqual([ROOM, ROOM]);
    expect(left).toEqual([ROOM]);
    push('acquired', about('my-lock'));
    expect(heard).toHaveLength(1);
  });

  it('while its room is being joined again does not leave it for one that is opened meanwhile', async () => {
    const watch = await watching();
    list.disconnected();
    const letIn: ((isKnown: boolean) => void)[] = [];
    join.mockImplementation(() => new Promise((resolve) => letIn.push(resolve)));
    list.reconnected();
    await answer();
    watch.close();
    const next = list.open('my-lock');
    await answer();
    for (const resolve of letIn) resolve(true);
    const heard = heardBy(await next);
    await rest();
    expect(left).toEqual([]);
    push('acquired', about('my-lock'));
    expect(heard.map(([event]) => event)).toEqual(['acquired']);
  });

  it('that has missed something leaves nothing of that to the next one of its name', async () => {
    const watch = await watching();
    await watching('another');
    list.disconnected();
    list.reconnected();
    procedures.last.fail(noAnswer());
    await rest();
    watch.close();
    const heard = heardBy(await watching());
    await pass(40_000);
    expect(asked().at(-1)).toEqual(['another', 'my-lock']);
    await answer();
    expect(heard).toEqual([]);
  });

  it('while its room is asked for again has it neither joined nor told', async () => {
    const watch = await watching();
    const heard = heardBy(watch);
    await watching('another');
    list.disconnected();
    list.reconnected();
    watch.close();
    await answer();
    expect(joined()).toEqual([5, 6, 6]);
    expect(heard).toEqual([]);
  });

  it('while its room is being joined again leaves it once it is in', async () => {
    const watch = await watching();
    list.disconnected();
    let letIn = (_isKnown: boolean): void => undefined;
    join.mockImplementation(() => new Promise((resolve) => (letIn = resolve)));
    list.reconnected();
    await answer();
    watch.close();
    await rest();
    expect(left).toEqual([]);
    letIn(true);
    await rest();
    expect(left).toEqual([ROOM]);
  });
});
