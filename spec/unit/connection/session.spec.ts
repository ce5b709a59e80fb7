import {
  LockConnectionError,
  LockPermissionError,
  LockProtocolError,
  type LockError,
} from '../../../lib/errors.js';
import type { ReconnectingEvent } from '../../../lib/events.js';
import { Session } from '../../../lib/connection/session.js';
import { FakeNodes, type FakeNode } from '../../support/fake-nodes.js';
import { outcome } from '../../support/outcome.js';
import { pass, rest, resumeTime, stopTime } from '../../support/fake-time.js';

let nodes: FakeNodes;
let session: Session;
/** What the session has told, in order. */
let told: string[];
let reconnecting: ReconnectingEvent[];
let failures: LockError[];
/** What a listener does when it is told of a lost connection. */
let onDisconnected: () => void;

beforeEach(() => stopTime());
afterEach(async () => {
  await session.close(new LockConnectionError('the spec is over'), 0);
  await pass(60_000);
  resumeTime();
});

function sessionOf(count = 1, requestTimeoutMs = 5_000): void {
  nodes = new FakeNodes(count);
  [told, reconnecting, failures] = [[], [], []];
  onDisconnected = () => undefined;
  session = new Session(nodes, requestTimeoutMs, {
    connected: () => told.push('connected'),
    disconnected: () => {
      told.push('disconnected');
      onDisconnected();
    },
    reconnecting: (event) => {
      told.push('reconnecting');
      reconnecting.push(event);
    },
    failed: (reason) => {
      told.push('failed');
      failures.push(reason);
    },
    pushed: (type, body) => told.push(`pushed ${type} ${JSON.stringify(body)}`),
  });
}

/** A session that is connected, to the first of its nodes. */
async function connected(count = 1, requestTimeoutMs = 5_000): Promise<FakeNode> {
  sessionOf(count, requestTimeoutMs);
  const connection = session.connection();
  nodes.last.open();
  await connection;
  told = [];
  return nodes.last;
}

/** Resolves once so many connections were tried, with the time that took. */
async function triedMs(count: number): Promise<number> {
  const startMs = performance.now();
  while (nodes.tried.length < count) await pass(10);
  return performance.now() - startMs;
}

describe('a session', () => {
  it('connects at first use, once for all who ask', async () => {
    sessionOf();
    expect(nodes.tried).toHaveLength(0);
    const both = [session.connection(), session.connection()];
    expect(nodes.tried).toHaveLength(1);
    nodes.last.open();
    const { connection } = nodes.last;
    expect(await Promise.all(both)).toEqual([connection, connection]);
    expect(session.current).toBe(connection);
    expect(told).toEqual(['connected']);
  });

  it('rejects at once when no node can be reached, and tries anew at the next use', async () => {
    sessionOf();
    const first = session.connection();
    nodes.last.refuse();
    await expect(first).rejects.toThrow('node 0 refuses');
    const second = session.connection();
    expect(nodes.tried).toHaveLength(2);
    nodes.last.open();
    await second;
    expect(told).toEqual(['connected']);
  });

  it('says after half a second that no node answers, while it connects', async () => {
    sessionOf();
    void session.connection();
    await pass(499);
    expect(session.trouble).toBeUndefined();
    await pass(1);
    expect(session.trouble?.message).toBe('no node has answered yet');
    nodes.last.open();
    await rest();
    expect(session.trouble).toBeUndefined();
  });

  it('does not give the reason of an earlier search', async () => {
    sessionOf();
    const first = session.connection();
    nodes.last.refuse();
    await expect(first).rejects.toThrow('node 0 refuses');
    void session.connection();
    await pass(500);
    expect(session.trouble?.message).toBe('no node has answered yet');
    nodes.last.open();
    await rest();
  });

  it('is searching while a node is awaited, and until what has failed is closed', async () => {
    sessionOf();
    expect(session.isSearching).toBe(false);
    const connection = session.connection();
    expect(session.isSearching).toBe(true);
    await pass(500);
    for (const node of nodes.tried) node.refuse();
    await expect(connection).rejects.toThrow('refuses');
    expect(session.isSearching).toBe(true);
    await pass(1_999);
    expect(session.isSearching).toBe(true);
    await pass(1);
    expect(session.isSearching).toBe(false);
  });

  it('is not searching any more when the node refuses at once, or is there', async () => {
    sessionOf();
    const first = session.connection();
    nodes.last.refuse();
    await expect(first).rejects.toThrow('refuses');
    expect(session.isSearching).toBe(false);
    const second = session.connection();
    nodes.last.open();
    await second;
    expect(session.isSearching).toBe(false);
  });

  it('goes on trying while somebody waits to be told, and tells each try with its reason', async () => {
    sessionOf();
    const letGo = session.keepAlive();
    const first = session.connection();
    nodes.last.refuse();
    await expect(first).rejects.toThrow('node 0 refuses');
    expect(session.trouble?.message).toBe('node 0 refuses');
    const next = session.connection();
    for (let tries = 2; tries < 6; tries++) {
      await triedMs(tries);
      if (tries < 5) nodes.last.refuse();
      await rest();
    }
    nodes.last.open();
    expect(await next).toBe(nodes.last.connection);
    expect(reconnecting.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(reconnecting[0]?.reason.message).toBe('node 0 refuses');
    letGo();
  });

  it('pauses ever longer before a server that answers a call and closes, each time', async () => {
    await connected();
    const letGo = session.keepAlive(100);
    const startMs = performance.now();
    while (performance.now() - startMs < 30_000) {
      session.proved();
      nodes.last.cut();
      await triedMs(nodes.tried.length + 1);
      nodes.last.open();
      await rest();
    }
    // Whoever holds a lease of 100 ms wants to be back soon: four times a second at least.
    expect(nodes.tried.length).toBeLessThan(30 * 10);
    letGo();
  });

  it('comes back soon to a server that had served for a while', async () => {
    await connected();
    const letGo = session.keepAlive();
    for (let times = 0; times < 5; times++) {
      session.proved();
      await pass(1_000);
      nodes.last.cut();
      expect(reconnecting.at(-1)?.attempt).toBe(1);
      expect(await triedMs(nodes.tried.length + 1)).toBeLessThan(250);
      nodes.last.open();
      await rest();
    }
    letGo();
  });

  it('stops trying when nobody waits any more', async () => {
    sessionOf();
    const letGo = session.keepAlive();
    session.connection().catch(() => undefined);
    nodes.last.refuse();
    await rest();
    const next = session.connection();
    letGo();
    await pass(60_000);
    expect(nodes.tried).toHaveLength(1);
    expect(await outcome(next)).toMatchObject({ error: { code: 'LOCK_CONNECTION' } });
  });

  it('rejects what is refused for good, also for who waits', async () => {
    sessionOf();
    const letGo = session.keepAlive();
    const connection = session.connection();
    nodes.last.refuse(new LockPermissionError('wrong password'));
    await expect(connection).rejects.toThrow('wrong password');
    letGo();
  });

  it('rejects where something else than ThingsDB answers, unless ThingsDB has answered there before', async () => {
    const rubbish = new LockProtocolError('not a ThingsDB package');
    sessionOf();
    const letGo = session.keepAlive();
    const connection = session.connection();
    nodes.last.refuse(rubbish);
    await expect(connection).rejects.toBe(rubbish);
    const again = session.connection();
    nodes.last.open();
    await again;
    nodes.last.cut();
    await pass(200);
    nodes.last.refuse(rubbish);
    await pass(5_000);
    nodes.last.open();
    await rest();
    expect(session.current).toBe(nodes.last.connection);
    expect(told).not.toContain('failed');
    letGo();
  });

  it('passes pushed messages on', async () => {
    const node = await connected();
    node.push(8, { id: 1 });
    expect(told).toEqual(['pushed 8 {"id":1}']);
  });
});

describe('a connection that is lost', () => {
  it('is not opened again while nobody needs it, and to the same node at the next use', async () => {
    const node = await connected(2);
    node.cut();
    await pass(60_000);
    expect(told).toEqual(['disconnected']);
    expect(nodes.tried).toHaveLength(1);
    const again = session.connection();
    expect(nodes.last.index).toBe(0);
    nodes.last.open();
    await again;
  });

  it('leads back to the most preferred node that has not failed just now', async () => {
    const node = await connected(3);
    session.keepAlive();
    session.giveUp(node.connection, new LockConnectionError('it cannot serve'));
    await triedMs(2);
    nodes.last.open();
    await rest();
    session.proved();
    session.giveUp(nodes.last.connection, new LockConnectionError('it cannot serve'));
    await triedMs(3);
    expect(nodes.tried.map(({ index }) => index)).toEqual([0, 1, 0]);
    nodes.last.refuse();
    await rest();
    nodes.last.refuse();
    await rest();
    expect(nodes.tried.map(({ index }) => index)).toEqual([0, 1, 0, 2, 1]);
  });

  it.each<[string, () => unknown]>([
    ['a lease', () => session.keepAlive(10_000)],
    ['somebody who waits', () => session.keepAlive()],
    ['a call', () => session.callBegan()],
  ])('is opened again for %s', async (_who, need) => {
    const node = await connected();
    need();
    node.cut();
    const next = session.connection();
    await pass(200);
    nodes.last.open();
    expect(await next).toBe(nodes.last.connection);
    expect(told).toEqual(['disconnected', 'reconnecting', 'connected']);
  });

  it('is opened again after a random time of at most 200 ms, less for a short lease', async () => {
    const delays: number[] = [];
    for (let n = 0; n < 20; n++) {
      const node = await connected();
      session.keepAlive(n < 10 ? 60_000 : 300);
      node.cut();
      delays.push(reconnecting[0]?.delayMs ?? NaN);
      await session.close(new LockConnectionError('next'), 0);
    }
    expect(Math.max(...delays)).toBeLessThanOrEqual(200);
    expect(Math.max(...delays.slice(10))).toBeLessThanOrEqual(25);
    expect(new Set(delays).size).toBe(20);
  });

  it('is tried again ever more rarely, but no more rarely than the shortest lease needs', async () => {
    const node = await connected();
    session.keepAlive(1_500);
    node.cut();
    for (let tries = 2; tries < 12; tries++) {
      await triedMs(tries);
      nodes.last.refuse();
      await rest();
    }
    expect(Math.max(...reconnecting.map(({ delayMs }) => delayMs))).toBeLessThanOrEqual(500);
    expect(reconnecting.length).toBeGreaterThan(8);
  });

  it('that may not be opened again is told as a failure for whoever waits', async () => {
    const node = await connected();
    session.keepAlive();
    node.cut();
    await pass(200);
    nodes.last.refuse(new LockPermissionError('the password was changed'));
    await rest();
    expect(failures.map(({ code }) => code)).toEqual(['LOCK_PERMISSION']);
    await pass(60_000);
    expect(nodes.tried).toHaveLength(2);
  });

  it('over a client of the caller is the end', async () => {
    const node = await connected();
    nodes.canReopen = false;
    session.keepAlive();
    node.cut();
    expect(told).toEqual(['disconnected', 'failed']);
    await expect(session.connection()).rejects.toThrow('has gone');
  });

  it('is left when its node says that it is shutting down', async () => {
    const node = await connected(2);
    session.keepAlive();
    node.push(0, { id: 0, status: 'SHUTTING_DOWN' });
    await pass(200);
    nodes.last.open();
    await rest();
    expect(nodes.last.index).toBe(1);
    expect(told.filter((event) => !event.startsWith('pushed'))).toEqual([
      'disconnected',
      'reconnecting',
      'connected',
    ]);
  });
});

describe('a server that goes silent', () => {
  it('is left for the next node as soon as that is ready, within a third of the lease', async () => {
    const node = await connected(3);
    session.keepAlive(6_000);
    node.isAlive = false;
    await pass(1_500);
    expect(nodes.tried.map(({ index }) => index)).toEqual([0, 1]);
    expect(session.current).toBe(node.connection);
    nodes.last.open();
    await rest();
    expect(session.current).toBe(nodes.last.connection);
    expect(node.isClosed).toBe(true);
    expect(told).toEqual(['disconnected', 'reconnecting', 'connected']);
    expect(reconnecting[0]).toMatchObject({ attempt: 1, delayMs: 0 });
  });

  it('is passed by although the next node is silent too', async () => {
    const node = await connected(3);
    session.keepAlive(6_000);
    node.isAlive = false;
    await pass(2_000);
    expect(nodes.tried.map(({ index }) => index)).toEqual([0, 1, 2]);
    nodes.last.open();
    await rest();
    expect(session.current).toBe(nodes.last.connection);
    expect(nodes.tried[1]?.isClosed).toBe(true);
  });

  it('is kept when it answers before another is ready, and the other is closed', async () => {
    const node = await connected();
    session.keepAlive(6_000);
    node.isAlive = false;
    await pass(1_500);
    node.answerPings();
    await rest();
    nodes.last.open();
    await rest();
    expect(session.current).toBe(node.connection);
    expect(nodes.last.isClosed).toBe(true);
    expect(told).toEqual([]);
    // And it is found out again; it is taken to be far away now.
    await pass(2_100);
    expect(nodes.tried).toHaveLength(3);
  });

  it('leaves nothing open when nobody needs it any more by the time that it ends', async () => {
    const node = await connected();
    const letGo = session.keepAlive(6_000);
    node.isAlive = false;
    await pass(1_500);
    nodes.last.open();
    onDisconnected = letGo;
    node.cut();
    await rest();
    expect(nodes.last.isClosed).toBe(true);
    await pass(5_000);
    expect(session.isSearching).toBe(false);
  });

  it('is left although it pushes messages: they come in also when nothing goes out any more', async () => {
    const node = await connected();
    session.keepAlive(6_000);
    node.isAlive = false;
    for (let tenths = 0; tenths < 15; tenths++) {
      node.push(8, { id: 1 });
      await pass(100);
    }
    expect(nodes.tried).toHaveLength(2);
    nodes.last.open();
    node.push(8, { id: 1 });
    await rest();
    expect(session.current).toBe(nodes.last.connection);
  });

  it.each([
    [30_000, 5_000],
    [10_000, 3_334],
    [6_000, 2_000],
    [3_000, 1_000],
  ])('is given up within a third of a ttl of %i ms when no other answers', async (ttlMs, withinMs) => {
    const node = await connected();
    session.keepAlive(ttlMs);
    node.isAlive = false;
    await pass(withinMs - 20);
    expect(told).toEqual([]);
    await pass(30);
    expect(told).toEqual(['disconnected', 'reconnecting']);
    expect(session.trouble?.message).toContain('silent');
    // The try that began beside it goes on.
    nodes.last.open();
    await rest();
    expect(told).toEqual(['disconnected', 'reconnecting', 'connected']);
  });

  it('is found out by the shortest of the leases, and less soon when that has ended', async () => {
    const node = await connected();
    session.keepAlive(60_000);
    const end = session.keepAlive(3_000);
    await pass(500);
    expect(node.pings).toBe(1);
    end();
    await pass(2_400);
    expect(node.pings).toBe(1);
    await pass(200);
    expect(node.pings).toBe(2);
  });

  it('is found out by a call: another connection is ready within a second', async () => {
    const node = await connected();
    await pass(60_000);
    node.isAlive = false;
    session.callBegan();
    const call = outcome(node.connection.run('//lock', 'lock_try'));
    await pass(800);
    nodes.last.open();
    await rest();
    expect(session.current).toBe(nodes.last.connection);
    expect(await call).toBeDefined();
    session.callEnded();
  });

  it('is no matter while nobody needs it', async () => {
    const node = await connected();
    node.isAlive = false;
    await pass(600_000);
    expect(node.pings).toBe(0);
    expect(nodes.tried).toHaveLength(1);
  });

  it('whose other connection becomes ready when nobody needs one keeps neither of them open for nothing', async () => {
    const node = await connected();
    const end = session.keepAlive(6_000);
    node.isAlive = false;
    await pass(1_500);
    end();
    nodes.last.open();
    await rest();
    expect(nodes.last.isClosed).toBe(true);
    expect(session.current).toBe(node.connection);
  });
});

/** The first of three nodes hung while a lease was held. */
async function cameToTheSecond(): Promise<void> {
  const node = await connected(3);
  session.keepAlive(6_000);
  node.isAlive = false;
  await triedMs(2);
  nodes.last.open();
  await rest();
}

describe('a node that answers pings and leaves a call unanswered', () => {
  /** A call without an answer, on the connection that there is. */
  const call = (): void => {
    session.current?.run('//lock', 'lock_try').catch(() => undefined);
  };

  it('is left for the next as soon as that is ready, ever more patiently while none answers', async () => {
    const node = await connected(3);
    session.keepAlive(6_000);
    const left: number[] = [];
    const startMs = performance.now();
    for (let tries = 2; tries < 5; tries++) {
      call();
      await triedMs(tries);
      left.push(performance.now() - startMs);
      nodes.last.open();
      await rest();
      expect(session.current).toBe(nodes.last.connection);
    }
    expect(nodes.tried.map(({ index }) => index)).toEqual([0, 1, 2, 0]);
    expect(node.isClosed).toBe(true);
    expect(reconnecting.map(({ delayMs }) => delayMs)).toEqual([0, 0, 0]);
    expect(reconnecting[0]?.reason.message).toContain('leaves calls unanswered');
    // 1 s, then 1 s again, since the next node may wait for the same one that hangs, then 2 s.
    const [first = 0, second = 0, third = 0] = left;
    expect(first).toBeGreaterThanOrEqual(1_000);
    expect(first).toBeLessThan(1_050);
    expect(second - first).toBeGreaterThanOrEqual(1_000);
    expect(second - first).toBeLessThan(1_050);
    expect(third - second).toBeGreaterThanOrEqual(2_000);
  });

  it.each([
    ['a call', () => session.callBegan()],
    ['a lease', () => session.keepAlive(30_000)],
  ])('is left within two seconds for %s, although the next node hangs', async (_what, need) => {
    await connected(3);
    session.proved();
    need();
    call();
    await pass(1_550);
    expect(nodes.tried.map(({ index }) => index)).toEqual([0, 1, 2]);
    nodes.last.open();
    await rest();
    expect(session.current).toBe(nodes.last.connection);
    // A call that has no answer there either need not wait for the node that hangs.
    call();
    await pass(1_050);
    expect(nodes.last.index).toBe(0);
    session.callEnded();
  });

  it('that was come to because another hangs is left within a second and a half, also by a new manager', async () => {
    sessionOf(3);
    session.callBegan();
    const connection = session.connection();
    await pass(500);
    expect(nodes.tried.map(({ index }) => index)).toEqual([0, 1]);
    nodes.last.open();
    await connection;
    // It is away, and passes the call on to the node that hangs.
    call();
    await pass(550);
    expect(nodes.tried.map(({ index }) => index)).toEqual([0, 1, 2]);
    nodes.last.open();
    await rest();
    expect(session.current).toBe(nodes.last.connection);
    session.callEnded();
  });

  it('that was come to because another hangs is left for a third, although it answers other calls', async () => {
    await cameToTheSecond();
    // It is away: it passes calls on to either of the others.
    session.proved();
    call();
    expect(await triedMs(3)).toBeLessThan(1_050);
    expect(nodes.tried.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it('is found again in its usual place half a minute after it hung', async () => {
    await cameToTheSecond();
    await pass(30_000);
    session.proved();
    nodes.last.cut();
    await triedMs(3);
    expect(nodes.last.index).toBe(0);
  });

  it('is kept when it answers before another is ready, and the other is closed', async () => {
    const node = await connected(2);
    session.callBegan();
    call();
    await pass(1_100);
    expect(nodes.tried).toHaveLength(2);
    node.runs[0]?.answer(null);
    await rest();
    nodes.last.open();
    await rest();
    expect(session.current).toBe(node.connection);
    expect(nodes.last.isClosed).toBe(true);
    expect(told).toEqual([]);
    session.callEnded();
  });

  it('is kept when no other can be reached, and others are looked for ever more rarely', async () => {
    const node = await connected(2);
    session.callBegan();
    call();
    for (const seconds of [1, 2, 4]) {
      await triedMs(nodes.tried.length + 1);
      expect(Math.round(performance.now() - node.atMs)).toBeGreaterThanOrEqual(seconds * 1_000);
      nodes.last.refuse();
      await rest();
      nodes.last.refuse();
      await rest();
    }
    expect(performance.now() - node.atMs).toBeLessThan(4_300);
    expect(session.current).toBe(node.connection);
    session.callEnded();
  });

  it('is not left when there is no other', async () => {
    await connected(1);
    session.callBegan();
    call();
    await pass(60_000);
    expect(nodes.tried).toHaveLength(1);
    session.callEnded();
  });

  it('is met with the first patience again once a call was answered', async () => {
    await connected(2);
    session.keepAlive(6_000);
    call();
    await triedMs(2);
    nodes.last.open();
    await rest();
    await pass(2_000);
    session.proved();
    call();
    expect(await triedMs(3)).toBeLessThan(1_300);
  });

  it('is met ever more patiently although other calls are answered, and each node has its turn', async () => {
    await connected(3);
    session.keepAlive(6_000);
    const tried: number[] = [];
    for (const seconds of [1, 2, 4]) {
      const startMs = performance.now();
      const before = nodes.tried.length;
      call();
      while (nodes.tried.length === before) {
        session.proved();
        await pass(50);
      }
      expect(performance.now() - startMs).toBeGreaterThanOrEqual(seconds * 1_000);
      tried.push(nodes.last.index);
      nodes.last.open();
      await rest();
    }
    expect(tried).toEqual([1, 2, 0]);
  });

  it.each([
    [300, 60_000, 200],
    [500, 60_000, 200],
    [1_000, 60_000, 333],
    [2_000, 60_000, 667],
    [5_000, 1_200, 400],
    [5_000, 2_000, 667],
  ])(
    'is left in time for a call of %i ms and a lease of %i ms: after %i ms',
    async (requestTimeout, ttl, leftMs) => {
      await connected(2, requestTimeout);
      session.keepAlive(ttl);
      const startMs = performance.now();
      call();
      await triedMs(2);
      expect(performance.now() - startMs).toBeGreaterThanOrEqual(leftMs - 1);
      expect(performance.now() - startMs).toBeLessThan(leftMs + 100);
      nodes.last.open();
      await rest();
      expect(session.current).toBe(nodes.last.connection);
    },
  );

  it('is not replaced by another connection to itself', async () => {
    const node = await connected(2);
    session.callBegan();
    call();
    await triedMs(2);
    nodes.last.refuse();
    await rest();
    expect(nodes.last.index).toBe(0);
    nodes.last.open();
    await rest();
    expect(session.current).toBe(node.connection);
    expect(nodes.last.isClosed).toBe(true);
    session.callEnded();
  });

  it('has its usual patience where the node before it refuses, which is no sign of one that hangs', async () => {
    sessionOf(3);
    session.callBegan();
    const connection = session.connection();
    nodes.last.refuse();
    await rest();
    nodes.last.open();
    await connection;
    call();
    await pass(900);
    expect(nodes.tried.map(({ index }) => index)).toEqual([0, 1]);
    await pass(200);
    expect(nodes.tried.map(({ index }) => index)).toEqual([0, 1, 0]);
    session.callEnded();
  });
});

describe('what keeps the process alive', () => {
  it('is a lease, or somebody who waits, and not an idle connection or a call', async () => {
    const node = await connected();
    expect(node.keepsAlive).toBe(false);
    session.callBegan();
    expect(node.keepsAlive).toBe(false);
    const [lease, waiter] = [session.keepAlive(1_000), session.keepAlive()];
    lease();
    expect(node.keepsAlive).toBe(true);
    waiter();
    waiter();
    expect(node.keepsAlive).toBe(false);
    session.callEnded();
  });

  it('is the next connection when the first is lost', async () => {
    const node = await connected();
    session.keepAlive(10_000);
    node.cut();
    expect(node.keepsAlive).toBe(false);
    await pass(200);
    nodes.last.open();
    await rest();
    expect(nodes.last.keepsAlive).toBe(true);
  });
});

describe('close', () => {
  it('ends the connection and every call on it, and tells nothing', async () => {
    const node = await connected();
    const call = node.connection.run('//lock', 'f');
    await session.close(new LockConnectionError('closed'), 1_000);
    await expect(call).rejects.toThrow('closed');
    expect(node.isClosed).toBe(true);
    expect(told).toEqual([]);
    await expect(session.connection()).rejects.toThrow('closed');
  });

  it('ends what is being connected to', async () => {
    sessionOf(2);
    const connection = session.connection();
    await session.close(new LockConnectionError('closed'), 1_000);
    await expect(connection).rejects.toThrow('closed');
    expect(nodes.last.isClosed).toBe(true);
  });

  it('closes the connection that becomes ready in the same moment', async () => {
    sessionOf();
    const connection = session.connection();
    nodes.last.open();
    await session.close(new LockConnectionError('closed'), 1_000);
    await expect(connection).rejects.toThrow('closed');
    await rest();
    expect(nodes.last.isClosed).toBe(true);
    expect(told).toEqual([]);
  });
});
