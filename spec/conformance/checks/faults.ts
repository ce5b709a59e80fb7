import assert from 'node:assert/strict';
import type { Check } from '../check.js';
import { later, terms } from '../contestant.js';

const SLACK_MS = 1_000;

export const faults: readonly Check[] = [
  {
    title: 'a lease goes on over a new connection when its own is cut',
    needs: ['reconnect', 'renew', 'truth'],
    needsFaults: true,
    processes: 1,
    async run(arena, [one], name) {
      assert(one);
      const held = await one.acquire(terms(name, { ttl: 6_000 }));
      const [before] = (await arena.referee.query(name)).held;
      arena.embedded?.faults.cutConnections();
      const [after] = (await arena.referee.query(name)).held;
      assert.equal(after?.fencingToken, before?.fencingToken);
      assert.equal(await one.release(held), true);
    },
  },
  {
    title: 'a request that waits keeps its place when its connection is cut, and is granted once',
    needs: ['reconnect', 'inbox'],
    needsFaults: true,
    processes: 3,
    async run(arena, [one, two, three], name) {
      assert(one && two && three);
      const held = await one.acquire(terms(name));
      const order: string[] = [];
      const first = later(
        two.acquire(terms(name)).then((lease) => (order.push('first'), two.release(lease))),
      );
      await arena.queue(name, 1, 1);
      const second = later(
        three.acquire(terms(name)).then((lease) => (order.push('second'), three.release(lease))),
      );
      await arena.queue(name, 1, 2);
      arena.embedded?.faults.cutConnections();
      await arena.queue(name, 1, 2);
      await one.release(held);
      await Promise.all([first, second]);
      assert.deepEqual(order, ['first', 'second']);
    },
  },
  {
    title: 'a request whose answer was lost is made again and finds itself: one lease, and none beside it',
    needs: ['reconnect', 'inbox'],
    needsFaults: true,
    processes: 1,
    async run(arena, [one], name) {
      assert(one);
      // So that the connection is there, and the next answer on it is the one that is lost.
      await one.release(await one.acquire(terms(`${name} before`)));
      arena.embedded?.faults.dropAfter(0);
      const held = await one.acquire(terms(name));
      await arena.queue(name, 1, 0);
      await one.release(held);
    },
  },
  {
    title: 'a holder whose server has stopped knows by the end of its lease',
    needs: ['lost', 'reconnect'],
    needsFaults: true,
    processes: 1,
    async run(arena, [one], name) {
      assert(one);
      const ttl = 1_500;
      const held = await one.acquire(terms(name, { ttl }));
      arena.embedded?.faults.freeze();
      const lastRenewalMs = performance.now();
      const lostMs = await one.lostAtMs(held);
      assert(lostMs <= lastRenewalMs + ttl + SLACK_MS, `told ${Math.round(lostMs - lastRenewalMs)} ms later`);
      assert.equal(await one.isHeld(held), false);
      arena.embedded?.faults.thaw();
    },
  },
];
