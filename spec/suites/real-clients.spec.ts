/**
 * Clients that others wrote, unchanged, against the embedded server: python-thingsdb with its lock, which is fetched
 * where Python and the package can be had, and thingsdb.js where THINGSDB_JS names its built file. What is not there is
 * skipped, and the output says why.
 */
import { createRequire } from 'node:module';
import { WebSocket } from 'ws';
import type { ThingsDBClient } from '../../lib/client/thingsdb-client.js';
import { type EmbeddedThingsDB, ManualClock, startThingsDB } from '../../lib/testing/index.js';
import { installPythonThingsDB, type PythonThingsDB, PythonWorker } from '../support/python-thingsdb.js';
import { RawClient } from '../support/raw-client.js';

function describeIf(name: string, reasonToSkip: string | undefined, body: () => void): void {
  if (reasonToSkip === undefined) return describe(name, body);
  process.stderr.write(`SKIPPED ${name}: ${reasonToSkip}\n`);
  describe.skip(`${name} (skipped: ${reasonToSkip})`, body);
}

const installed: PythonThingsDB = installPythonThingsDB();
const reason = installed.python === undefined ? installed.reason : undefined;

describeIf('python-thingsdb and its lock', reason, () => {
  const clock = new ManualClock();
  let db: EmbeddedThingsDB;
  let observer: RawClient;
  const workers: PythonWorker[] = [];

  beforeAll(async () => {
    db = await startThingsDB({ clock });
    observer = await RawClient.overWebSocket(db.url);
    observer.request(1, 33, ['admin', 'pass']);
    await observer.next();
    const worker = await start();
    expect(await worker.ask('setup')).toBe('done');
    // The second process to set up finds that it has been done.
    expect(await (await start()).ask('setup')).toBe('done');
  });

  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.kill()));
  });

  afterAll(async () => {
    observer?.destroy();
    await db?.close();
    if (installed.python !== undefined) installed.remove();
  });

  async function start(): Promise<PythonWorker> {
    const worker = await PythonWorker.start(installed.python!, db.tcpPort);
    workers.push(worker);
    return worker;
  }

  /** Asks until that many requests stand in the queue: how one sees that a process waits. */
  async function untilQueued(name: string, count: bigint): Promise<void> {
    for (;;) {
      observer.request(2, 34, ['//lock', '.lock.get(name).queue.len();', { name }]);
      const { body } = await observer.next();
      if (body === count) return;
    }
  }

  it('a lock that nobody holds is had at once, and is locked as long as it is held', async () => {
    const [one, other] = [await start(), await start()];
    expect(await one.ask('acquire alone 60')).toBe('held');
    expect(await other.ask('locked alone')).toBe('True');
    expect(await one.ask('release')).toBe('released');
    expect(await other.ask('locked alone')).toBe('False');
  });

  it('of two processes one waits until the other releases', async () => {
    const [one, other] = [await start(), await start()];
    expect(await one.ask('acquire shared 60')).toBe('held');
    other.send('acquire shared 60');
    await untilQueued('shared', 2n);
    one.send('release');
    await other.expect('held');
    await one.expect('released');
    expect(await one.ask('locked shared')).toBe('True');
    expect(await other.ask('release')).toBe('released');
    expect(await one.ask('locked shared')).toBe('False');
  });

  it('turns come in the order in which they were asked for', async () => {
    const all = [await start(), await start(), await start()];
    for (const [index, worker] of all.entries()) {
      worker.send('acquire queue 60');
      await untilQueued('queue', BigInt(index + 1));
    }
    for (const worker of all) {
      await worker.expect('held');
      worker.send('release');
    }
    for (const worker of all) await worker.expect('released');
  });

  it('a holder that is killed is timed out by the server', async () => {
    const [one, other] = [await start(), await start()];
    expect(await one.ask('acquire dead 60')).toBe('held');
    other.send('acquire dead 60');
    await untilQueued('dead', 2n);
    await one.kill();
    await clock.advance(62_000);
    await other.expect('held');
    expect(await other.ask('release')).toBe('released');
  });
});

type Constructor = new (url: string) => ThingsDBClient & {
  emit(scope: string, room: number, event: string, args?: unknown[]): Promise<void>;
  emitPeers(scope: string, room: number, event: string, args?: unknown[]): Promise<void>;
};

const builtFile = process.env['THINGSDB_JS'];

describeIf(
  'thingsdb.js',
  builtFile === undefined ? 'THINGSDB_JS does not name its built file' : undefined,
  () => {
    let db: EmbeddedThingsDB;
    let ThingsDB: Constructor;

    beforeAll(async () => {
      // It is built for browsers: on a Node without a WebSocket of its own it needs one.
      (globalThis as { WebSocket?: unknown }).WebSocket ??= WebSocket;
      ThingsDB = createRequire(__filename)(builtFile!) as Constructor;
      db = await startThingsDB();
    });

    afterAll(() => db.close());

    async function login(): Promise<InstanceType<Constructor>> {
      const client = new ThingsDB(db.url);
      await client.connect();
      await client.auth('admin', 'pass');
      return client;
    }

    it('queries, runs procedures and gets values and errors as from a real node', async () => {
      const client = await login();
      expect(await client.query('//stuff', '.x = [1, 2.5, "text", nil, {a: n}];', { n: 7 })).toEqual([
        1,
        2.5,
        'text',
        null,
        { '#': expect.any(Number) as number, a: 7 },
      ]);
      await client.query('//stuff', 'new_procedure("add", |a, b| a + b);');
      expect(await client.run('//stuff', 'add', [1, 2])).toBe(3);
      await expect(client.query('//stuff', 'raise("no");')).rejects.toEqual({
        error_code: -100,
        error_msg: 'no',
      });
      await client.ping();
      await client.disconnect();
    });

    it('logs in with a token', async () => {
      const admin = await login();
      const token = (await admin.query('@t', 'new_token("admin");')) as string;
      const client = new ThingsDB(db.url);
      await client.connect();
      await client.authToken(token);
      expect(await client.query('@t', 'user_info().load().name;')).toBe('admin');
      await Promise.all([admin.disconnect(), client.disconnect()]);
    });

    it('joins a room and is told what happens there until it is gone', async () => {
      const [one, other] = [await login(), await login()];
      const told: [type: number, message: unknown][] = [];
      one.addEventListener((type, message) => told.push([type, message]));
      const id = (await one.query('//stuff', '.room = room(); .room.id();')) as number;
      const scope = '@collection:stuff';
      expect(await one.join('//stuff', id, 999_999)).toEqual([id, null]);
      await other.emit('//stuff', id, 'hello', [1, 'two']);
      await one.emitPeers('//stuff', id, 'not to myself');
      await other.query('//stuff', '.room.emit("from code", 3);');
      expect(await one.leave('//stuff', id)).toEqual([id]);
      await one.join('//stuff', id);
      await other.query('//stuff', '.del("room"); nil;');
      await one.ping();
      expect(told).toEqual([
        [6, { scope, id }],
        [8, { scope, id, event: 'hello', args: [1, 'two'] }],
        [8, { scope, id, event: 'from code', args: [3] }],
        [7, { scope, id }],
        [6, { scope, id }],
        [9, { scope, id }],
      ]);
      await Promise.all([one.disconnect(), other.disconnect()]);
    });
  },
);
