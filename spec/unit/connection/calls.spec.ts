import { Calls } from '../../../lib/connection/calls.js';
import { Session } from '../../../lib/connection/session.js';
import { LockConnectionError, LockPermissionError, LockProtocolError } from '../../../lib/errors.js';
import type { CallOptions, Reply } from '../../../lib/schema/lock-procedures.js';
import { FakeNodes, type FakeNode } from '../../support/fake-nodes.js';
import { outcome } from '../../support/outcome.js';
import { pass, rest, resumeTime, stopTime } from '../../support/fake-time.js';

const TIMEOUT_MS = 5_000;
const missing = { error_code: -54, error_msg: 'procedure `lock_try` not found' };
const refused = { error_code: -55, error_msg: 'missing the privileges (JOIN)' };
const away = { error_code: -51, error_msg: 'node is away' };

let nodes: FakeNodes;
let session: Session;
let calls: Calls;
/** The nodes on which the collection was set up, in order. */
let setups: number[];
let setUp: () => Promise<void>;

beforeEach(() => stopTime());
afterEach(async () => {
  await session.close(new LockConnectionError('the spec is over'), 0);
  await pass(60_000);
  resumeTime();
});

function callsOver(count = 1, requestTimeout = TIMEOUT_MS): void {
  nodes = new FakeNodes(count);
  setups = [];
  setUp = () => Promise.resolve();
  const ignore = (): void => undefined;
  session = new Session(nodes, requestTimeout, {
    connected: ignore,
    disconnected: ignore,
    reconnecting: ignore,
    failed: ignore,
    pushed: ignore,
  });
  calls = new Calls(session, {
    collection: 'lock',
    prefix: 'my_',
    requestTimeout,
    setUp: (connection) => {
      setups.push(nodes.tried.findIndex((node) => node.connection === connection));
      return setUp();
    },
  });
}

/** Connected to the first node, set up, and known to be allowed to join. */
async function ready(count = 1, requestTimeout = TIMEOUT_MS): Promise<FakeNode> {
  callsOver(count, requestTimeout);
  const done = calls.ready();
  nodes.last.open();
  await done;
  return nodes.last;
}

/** A call and what comes of it; that nobody awaits it yet is no fault. */
function called(options?: CallOptions): Promise<unknown> {
  const answer = calls.run('lock_try', ['a'], options);
  answer.catch(() => undefined);
  return answer;
}

/** The next connection that is tried, once it is. */
async function next(): Promise<FakeNode> {
  const before = nodes.tried.length;
  while (nodes.tried.length === before) await pass(10);
  return nodes.last;
}

describe('a first call', () => {
  it('connects and sets up, once for all, and is sent then', async () => {
    callsOver();
    const both = [called(), called()];
    nodes.last.open();
    await rest();
    expect(setups).toEqual([0]);
    expect(nodes.last.runs.map(({ procedure }) => procedure)).toEqual(['my_lock_try', 'my_lock_try']);
    nodes.last.runs.forEach(({ answer }, i) => answer(i));
    expect(await Promise.all(both)).toMatchObject([{ value: 0 }, { value: 1 }]);
  });

  it('rejects at once when no node can be reached', async () => {
    callsOver();
    const call = called();
    nodes.last.refuse();
    expect(await outcome(call)).toMatchObject({ error: { message: 'node 0 refuses' } });
  });

  it('rejects in time when nothing answers, with the reason', async () => {
    callsOver();
    const call = called();
    await pass(TIMEOUT_MS);
    expect(await outcome(call)).toMatchObject({ error: { code: 'LOCK_CONNECTION' } });
  });

  it('whose setup fails rejects, and the next call sets up again', async () => {
    callsOver();
    setUp = () => Promise.reject(new LockPermissionError('no'));
    const first = called();
    nodes.last.open();
    expect(await outcome(first)).not.toBe('resolved');
    await expect(first).rejects.toThrow('no');
    setUp = () => Promise.resolve();
    const second = called();
    await rest();
    nodes.last.runs[0]?.answer('yes');
    expect(await second).toMatchObject({ value: 'yes' });
  });
});

describe('a call', () => {
  it('is sent before this returns, once all is ready', async () => {
    const node = await ready();
    const call = called({ needsJoin: true });
    expect(node.runs).toHaveLength(1);
    node.runs[0]?.answer(7);
    expect(await call).toMatchObject({ value: 7 });
  });

  it('that the server refuses rejects, and is not repeated', async () => {
    const node = await ready();
    const call = called();
    node.runs[0]?.fail({ error_code: -50, error_msg: 'overflow' });
    expect(await outcome(call)).toMatchObject({ error: expect.any(LockProtocolError) as Error });
    expect(nodes.tried).toHaveLength(1);
  });

  it('is sent again on the next connection when the first is lost under it', async () => {
    const node = await ready();
    const call = called();
    const cutMs = performance.now();
    node.cut();
    (await next()).open();
    await rest();
    nodes.last.runs[0]?.answer('second');
    const reply = await call;
    expect(reply).toEqual({ value: 'second', sentMs: expect.any(Number) as number, wasRepeated: true });
    // A lease is counted from when the copy was sent that brought the answer.
    expect((reply as Reply).sentMs).toBeGreaterThanOrEqual(cutMs);
  });

  it('is sent again to the next node when the first cannot serve', async () => {
    const node = await ready(2);
    const call = called();
    node.runs[0]?.fail(away);
    (await next()).open();
    await rest();
    expect(nodes.last.index).toBe(1);
    nodes.last.runs[0]?.answer('second');
    expect(await call).toMatchObject({ value: 'second' });
  });

  it('on a silent connection is answered over the next one within a second', async () => {
    const node = await ready();
    await pass(60_000);
    node.isAlive = false;
    const call = called();
    const sentMs = performance.now();
    (await next()).open();
    await rest();
    nodes.last.runs[0]?.answer('second');
    expect(await call).toMatchObject({ value: 'second' });
    expect(performance.now() - sentMs).toBeLessThan(1_000);
  });

  it('that is repeated ends in its time, whatever the client allows for each try', async () => {
    const node = await ready();
    const call = called();
    const endMs = performance.now() + TIMEOUT_MS;
    await pass(4_000);
    node.cut();
    (await next()).open();
    await pass(endMs - performance.now() - 50);
    expect(await outcome(call)).toBe('pending');
    await pass(100);
    expect(await outcome(call)).toMatchObject({ error: { message: 'no answer within 5000 ms' } });
  });

  it('that is slow at the only node does not cost the others their connection', async () => {
    const node = await ready();
    const late = called();
    await pass(1_000);
    const slow = called();
    await pass(4_000);
    // As the client says it, when its own time limit is over.
    const noAnswer = new LockConnectionError('run my_lock_try in //lock had no answer within 5000 ms');
    node.runs[0]?.fail(noAnswer);
    await rest();
    expect(session.current).toBe(node.connection);
    expect(await outcome(late)).toEqual({ error: noAnswer });
    node.runs[1]?.answer('at last');
    expect(await slow).toMatchObject({ value: 'at last', wasRepeated: false });
  });

  it('whose time is over does not cost the others their connection, although timers are early', async () => {
    const node = await ready(2, 1_000);
    const late = called();
    await pass(999);
    const noAnswer = new LockConnectionError('no answer');
    node.runs[0]?.fail(noAnswer);
    expect(await outcome(late)).toEqual({ error: noAnswer });
    expect(session.current).toBe(node.connection);
  });

  it('over a client of the caller is not repeated', async () => {
    const node = await ready();
    nodes.canReopen = false;
    const call = called();
    node.cut();
    expect(await outcome(call)).toMatchObject({ error: { message: 'node 0 has gone' } });
  });
});

describe('a server that has lost its state', () => {
  it('is set up again once for all who wait for it', async () => {
    const node = await ready();
    const five = Array.from({ length: 5 }, () => called());
    for (const { fail } of node.runs.splice(0)) fail(missing);
    await rest();
    expect(setups).toEqual([0, 0]);
    node.runs.forEach(({ answer }) => answer('set up'));
    expect(await Promise.all(five)).toMatchObject(Array(5).fill({ value: 'set up' }));
  });

  it('is set up again once also where the connection is lost with it', async () => {
    const node = await ready();
    const five = Array.from({ length: 5 }, () => called());
    node.cut();
    (await next()).open();
    await rest();
    for (const { fail } of nodes.last.runs.splice(0)) fail(missing);
    await rest();
    expect(setups).toEqual([0, 1]);
    nodes.last.runs.forEach(({ answer }) => answer('set up'));
    expect(await Promise.all(five)).toMatchObject(Array(5).fill({ value: 'set up' }));
  });

  it('is found by those who come later as well, and not set up for them again', async () => {
    const node = await ready();
    const [first, second] = [called(), called()];
    node.runs[0]?.fail(missing);
    await rest();
    // Sent before the setup, answered after it.
    node.runs[1]?.fail(missing);
    await rest();
    expect(setups).toEqual([0, 0]);
    node.runs.slice(2).forEach(({ answer }) => answer('set up'));
    expect(await Promise.all([first, second])).toMatchObject([{ value: 'set up' }, { value: 'set up' }]);
  });

  it('is asked for at every node before it is set up again: one that comes back may lag', async () => {
    const node = await ready(2);
    const call = called();
    node.runs[0]?.fail(missing);
    const other = await next();
    other.open();
    await rest();
    expect(setups).toEqual([0]);
    other.runs[0]?.answer('there');
    expect(await call).toMatchObject({ value: 'there' });
  });

  it('is asked again for a moment after the setup: the node that answers may lag', async () => {
    const node = await ready();
    const call = called();
    node.runs[0]?.fail(missing);
    await rest();
    for (let i = 1; i <= 3; i++) {
      node.runs[i]?.fail(missing);
      await pass(50);
    }
    node.runs[4]?.answer('there now');
    expect(await call).toMatchObject({ value: 'there now' });
    expect(setups).toEqual([0, 0]);
  });

  it('and loses it again is told', async () => {
    const node = await ready();
    const call = called();
    node.runs[0]?.fail(missing);
    await pass(1_000);
    node.runs[1]?.fail(missing);
    expect(await outcome(call)).toMatchObject({ error: { code: 'LOCK_SETUP' } });
  });
});

describe('the right to join', () => {
  it('is asked for once, by the first call that may be told something', async () => {
    callsOver();
    const call = called();
    nodes.last.open();
    await rest();
    nodes.last.runs[0]?.answer(null);
    await call;
    expect(nodes.last.joins).toBe(0);
    const both = [called({ needsJoin: true }), called({ needsJoin: true })];
    await rest();
    expect(nodes.last.joins).toBe(1);
    nodes.last.runs.slice(1).forEach(({ answer }) => answer(null));
    await Promise.all(both);
  });

  it('that is missing refuses that call before it is sent, and no other', async () => {
    callsOver();
    const call = called({ needsJoin: true });
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as thingsdb.js does
    nodes.last.onJoin = () => Promise.reject(refused);
    nodes.last.open();
    expect(await outcome(call)).toBeDefined();
    await expect(call).rejects.toThrow('RUN|CHANGE|JOIN');
    await expect(call).rejects.toBeInstanceOf(LockPermissionError);
    expect(nodes.last.runs).toHaveLength(0);
    const other = called();
    await rest();
    nodes.last.runs[0]?.answer('read');
    expect(await other).toMatchObject({ value: 'read' });
  });
});

describe('a room', () => {
  const roomId = 7;

  it('that the node knows is joined', async () => {
    const node = await ready();
    node.onJoin = () => Promise.resolve([roomId]);
    expect(await calls.join(roomId)).toBe(true);
    node.onJoin = () => Promise.resolve([null]);
    expect(await calls.join(roomId)).toBe(false);
  });

  it('is joined over another node when this one is synchronizing, which comes last from then on', async () => {
    const node = await ready(2);
    const call = called();
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as thingsdb.js does
    node.onJoin = () => Promise.reject(away);
    expect(await outcome(calls.join(roomId))).toMatchObject({ error: { code: 'LOCK_CONNECTION' } });
    expect(node.isClosed).toBe(true);
    const other = await next();
    expect(other.index).toBe(1);
    other.open();
    await rest();
    other.runs[0]?.answer('repeated');
    expect(await call).toMatchObject({ value: 'repeated' });
    other.onJoin = () => Promise.resolve([roomId]);
    expect(await calls.join(roomId)).toBe(true);
  });

  it('that no node takes anybody into has them tried at the pace of lost connections', async () => {
    await ready(2);
    const letGo = session.keepAlive();
    for (let ms = 0; ms < 20_000; ms += 10) {
      const node = nodes.last;
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as thingsdb.js does
      node.onJoin = () => Promise.reject(away);
      node.open();
      await rest();
      if (session.current !== undefined) await outcome(calls.join(roomId));
      await pass(10);
    }
    letGo();
    expect(nodes.tried.length).toBeLessThan(30);
    expect(nodes.tried.length).toBeGreaterThan(5);
  });

  it('is not joined over the only node while that is synchronizing: calls are still served', async () => {
    const node = await ready();
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as thingsdb.js does
    node.onJoin = () => Promise.reject(away);
    expect(await outcome(calls.join(roomId))).toMatchObject({ error: { code: 'LOCK_CONNECTION' } });
    const call = called();
    node.runs[0]?.answer('served');
    expect(await call).toMatchObject({ value: 'served' });
    expect(nodes.tried).toHaveLength(1);
  });
});
