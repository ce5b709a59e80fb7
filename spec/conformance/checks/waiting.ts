import assert from 'node:assert/strict';
import type { Check } from '../check.js';
import { later, Refusal, terms } from '../contestant.js';

/** What a busy machine may add to a time that is bounded. */
const SLACK_MS = 3_000;

async function refused(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof Refusal && error.code === code);
}

export const waiting: readonly Check[] = [
  {
    title: 'a try of a lock that is held says so at once, and leaves nothing in the queue',
    needs: ['try'],
    processes: 2,
    async run(arena, [one, two], name) {
      assert(one && two);
      const held = await one.acquire(terms(name));
      assert.equal(await two.try(terms(name)), undefined);
      await arena.queue(name, 1, 0);
      await one.release(held);
      const free = await two.try(terms(name));
      assert(free !== undefined, 'the lock was free, and the try was refused');
      await two.release(free);
    },
  },
  {
    title: 'a wait ends by its time-out, and its request leaves the queue',
    needs: ['wait-timeout'],
    processes: 2,
    async run(arena, [one, two], name) {
      assert(one && two);
      const held = await one.acquire(terms(name));
      const startedMs = performance.now();
      await refused(two.acquire(terms(name, { wait: 300 })), 'timeout');
      const waitedMs = performance.now() - startedMs;
      assert(waitedMs >= 290 && waitedMs < 300 + SLACK_MS, `it waited ${Math.round(waitedMs)} ms of 300`);
      await arena.queue(name, 1, 0);
      await one.release(held);
    },
  },
  {
    title: 'a wait that is cancelled ends, its request leaves the queue, and the next gets its turn',
    needs: ['cancel', 'inbox'],
    processes: 3,
    async run(arena, [one, two, three], name) {
      assert(one && two && three);
      const held = await one.acquire(terms(name));
      const key = two.newKey();
      const cancelled = later(two.acquire(terms(name), key));
      await arena.queue(name, 1, 1);
      const next = later(three.acquire(terms(name)));
      await arena.queue(name, 1, 2);
      await two.order({ do: 'cancel', key });
      await refused(cancelled, 'cancelled');
      await arena.queue(name, 1, 1);
      await one.release(held);
      await three.release(await next);
    },
  },
  {
    title: 'a waiter that is killed holds the others up for 2 seconds at most',
    needs: ['inbox'],
    processes: 3,
    async run(arena, [one, two, three], name) {
      assert(one && two && three);
      const held = await one.acquire(terms(name));
      void later(two.acquire(terms(name)));
      await arena.queue(name, 1, 1);
      const next = later(three.acquire(terms(name)));
      await arena.queue(name, 1, 2);
      await two.kill();
      const releasedMs = performance.now();
      await one.release(held);
      const granted = await next;
      const tookMs = performance.now() - releasedMs;
      assert(tookMs < 2_000 + SLACK_MS, `the next waited ${Math.round(tookMs)} ms behind a dead process`);
      await three.release(granted);
    },
  },
  {
    title: 'a process that was stopped and goes on within 10 seconds has its place again',
    needs: ['inbox'],
    processes: 3,
    async run(arena, [one, two, three], name) {
      assert(one && two && three);
      const held = await one.acquire(terms(name));
      const order: string[] = [];
      const slow = later(two.acquire(terms(name)).then((lease) => (order.push('slow'), two.release(lease))));
      await arena.queue(name, 1, 1);
      two.pause();
      await one.release(held);
      // Nobody waits behind it, so its turn is over when the lock is free again.
      await arena.queue(name, 0, 0);
      const between = await one.acquire(terms(name));
      const next = later(
        three.acquire(terms(name)).then((lease) => (order.push('next'), three.release(lease))),
      );
      await arena.queue(name, 1, 1);
      two.goOn();
      await arena.queue(name, 1, 2);
      await one.release(between);
      await Promise.all([slow, next]);
      assert.deepEqual(order, ['slow', 'next']);
    },
  },
];
