/** python-thingsdb with its lock, unchanged and by itself, against the embedded server. */
import { type EmbeddedThingsDB, ManualClock, startThingsDB } from '../../lib/testing/index.js';
import { describeIf } from '../support/describe-if.js';
import { installPythonThingsDB } from '../support/python-thingsdb.js';
import { PythonWorker } from '../support/python-worker.js';
import { RawClient } from '../support/raw-client.js';

const installed = installPythonThingsDB();
const reason = installed.env === undefined ? installed.reason : undefined;

describeIf('python-thingsdb and its lock', reason, () => {
  const clock = new ManualClock();
  let db: EmbeddedThingsDB;
  let observer: RawClient;
  const workers: PythonWorker[] = [];

  beforeAll(async () => {
    db = await startThingsDB({ clock });
    observer = await RawClient.overWebSocket(db.wsUrl);
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
    if (installed.env !== undefined) installed.remove();
  });

  async function start(): Promise<PythonWorker> {
    const worker = await PythonWorker.start(installed.env!, {
      tcp: { host: '127.0.0.1', port: db.tcpPort },
      collection: 'lock',
      auth: { username: 'admin', password: 'pass' },
    });
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
