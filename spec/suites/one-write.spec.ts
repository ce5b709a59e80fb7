/** What a manager asks in one turn of the event loop is one write to its socket: one call of the system. */
import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { DistributedLock, LockManager } from '../../lib/index.js';
import { onEachTransport } from '../support/back-end.js';
import { nextEvent, until } from '../support/until.js';

/** What this process writes to the sockets that lead to one port: the bytes of each write. */
class Writes {
  readonly sizes: number[] = [];

  constructor(url: string | undefined) {
    const port = Number(new URL(url ?? '').port);
    const watch = (method: '_write' | '_writev', bytesOf: (written: never) => number): void => {
      const write = Reflect.get(Socket.prototype, method) as (...args: unknown[]) => void;
      jest.spyOn(Socket.prototype, method).mockImplementation(function (this: Socket, ...args: unknown[]) {
        if (this.remotePort === port) writes.push(bytesOf(args[0] as never));
        write.apply(this, args);
      });
    };
    const writes = this.sizes;
    watch('_write', ({ length }: Buffer) => length);
    watch('_writev', (chunks: { chunk: Buffer }[]) =>
      chunks.reduce((sum, { chunk }) => sum + chunk.length, 0),
    );
  }

  /** Those of this turn, in which `ask` asks. */
  async while(ask: () => unknown): Promise<number[]> {
    await turn();
    const before = this.sizes.length;
    ask();
    await new Promise((resolve) => process.nextTick(resolve));
    return this.sizes.slice(before);
  }
}

/** The first byte of a call that is announced. */
const ANNOUNCED = 1;
const NAMES = Array.from({ length: 64 }, (_, i) => `name ${i}`);

onEachTransport('one write for what travels together', (backEnd) => {
  let manager: LockManager;
  let writes: Writes;

  beforeEach(async () => {
    writes = new Writes(backEnd.urls[0]);
    manager = backEnd.manager();
    await manager.get('first').acquire();
    // Over TCP the acknowledgement of what has come in announces the next call.
    const announces = backEnd.urls[0]?.startsWith('thingsdb') === true;
    if (announces) await until(() => writes.sizes.at(-1) === ANNOUNCED);
  });

  afterEach(() => jest.restoreAllMocks());

  const acquireAll = (locks: readonly DistributedLock[]) => Promise.all(locks.map((lock) => lock.acquire()));

  test('what many tasks ask at once, though it is longer than what was announced', async () => {
    let acquiring: ReturnType<typeof acquireAll> | undefined;
    const sizes = await writes.while(() => (acquiring = acquireAll(NAMES.map((name) => manager.get(name)))));
    expect(await acquiring).toHaveLength(64);
    expect(sizes).toEqual([expect.any(Number)]);
    expect(sizes[0]).toBeGreaterThan(64 * 40);
  });

  test('what is asked of different kinds', async () => {
    const [lease] = await acquireAll([manager.get('held')]);
    const asked: Promise<unknown>[] = [];
    const sizes = await writes.while(() => {
      asked.push(
        manager.get('free').acquire(),
        manager.get('held').tryAcquire(),
        manager.get('first').tryAcquire(),
        lease?.extend() ?? Promise.reject(new Error('it is not held')),
        manager.get('also free').acquire(),
      );
    });
    expect(await Promise.all(asked)).toHaveLength(5);
    expect(sizes).toHaveLength(1);
  });

  test('the acknowledgements of grants that come in together', async () => {
    const proxy = await backEnd.proxy();
    const waiter = backEnd.manager({ url: proxy.url });
    const names = NAMES.slice(0, 8);
    const held = await acquireAll(names.map((name) => manager.get(name)));
    const locks = names.map((name) => waiter.get(name));
    const waiting = Promise.all(locks.map((lock) => nextEvent(lock, 'waiting')));
    const granted = acquireAll(locks);
    await waiting;
    proxy.freeze();
    await Promise.all(held.map((lease) => lease.release()));
    jest.restoreAllMocks();
    writes = new Writes(proxy.url);
    proxy.thaw();
    await granted;
    expect(writes.sizes.filter((bytes) => bytes !== ANNOUNCED)).toHaveLength(1);
  });
});
