import type { HeldLock, LockSession } from '../../../bench/systems/lock-system.js';
import { PassedQueue } from '../../../bench/worker/passed-queue.js';

/** Fair locks of one process, which tell how many wait and the most that did. */
class FairLocks implements LockSession {
  readonly waiting = new Map<string, (() => void)[]>();
  readonly granted: number[] = [];
  #asked = 0;

  async acquire(name: string): Promise<HeldLock> {
    const number = this.#asked++;
    const queue = this.waiting.get(name);
    if (queue === undefined) this.waiting.set(name, []);
    else await new Promise<void>((resolve) => queue.push(resolve));
    this.granted.push(number);
    return { release: () => Promise.resolve(this.#release(name)) };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #release(name: string): void {
    const next = this.waiting.get(name)?.shift();
    if (next === undefined) this.waiting.delete(name);
    else next();
  }
}

describe('a queue that is passed on', () => {
  it('is as long as it was filled, and stays so', async () => {
    const locks = new FairLocks();
    const queue = new PassedQueue(locks, 'name');
    await queue.fill(150);
    expect(locks.waiting.get('name')).toHaveLength(150);
    for (let time = 0; time < 400; time++) await queue.pass();
    expect(locks.waiting.get('name')).toHaveLength(150);
  });

  it('passes the name to each in the order of the requests', async () => {
    const locks = new FairLocks();
    const queue = new PassedQueue(locks, 'name');
    await queue.fill(3);
    locks.granted.length = 0;
    for (let time = 0; time < 8; time++) await queue.pass();
    expect(locks.granted).toEqual([...locks.granted].sort((a, b) => a - b));
    expect(locks.granted).toHaveLength(8);
  });

  it('fails when a waiter fails, instead of waiting for ever', async () => {
    const locks = new FairLocks();
    const queue = new PassedQueue(locks, 'name');
    await queue.fill(0);
    locks.acquire = () => Promise.reject(new Error('the server is gone'));
    await expect(queue.pass()).rejects.toThrow('the server is gone');
  });
});
