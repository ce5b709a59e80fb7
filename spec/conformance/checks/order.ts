import assert from 'node:assert/strict';
import type { Check } from '../check.js';
import { type Contestant, later, terms } from '../contestant.js';
import type { Arena } from '../arena.js';
import type { Terms } from '../messages.js';
import { until } from '../../support/until.js';

/** Puts requests into the queue one after the other, and notes in which order they are granted and released. */
async function grantedInTurn(
  arena: Arena,
  contestants: readonly Contestant[],
  name: string,
  wanted: readonly Terms[],
): Promise<number[]> {
  const [holder] = contestants as [Contestant];
  const first = await holder.acquire(terms(name));
  const order: number[] = [];
  const all: Promise<unknown>[] = [];
  for (const [i, one] of wanted.entries()) {
    const contestant = contestants[1 + (i % (contestants.length - 1))] as Contestant;
    const granted = contestant.acquire(one).then((held) => {
      order.push(i);
      return contestant.release(held);
    });
    all.push(later(granted));
    await arena.queue(name, 1, i + 1);
  }
  await holder.release(first);
  await Promise.all(all);
  return order;
}

export const order: readonly Check[] = [
  {
    title: 'two that wait are granted in the order in which they came',
    needs: [],
    processes: 3,
    async run(arena, contestants, name) {
      const wanted = [terms(name), terms(name)];
      assert.deepEqual(await grantedInTurn(arena, contestants, name, wanted), [0, 1]);
    },
  },
  {
    title: 'many that wait in several processes are granted in the order in which they came',
    needs: ['inbox'],
    processes: 3,
    async run(arena, contestants, name) {
      const wanted = Array.from({ length: 8 }, () => terms(name));
      const expected = wanted.map((_, i) => i);
      assert.deepEqual(await grantedInTurn(arena, contestants, name, wanted), expected);
    },
  },
  {
    title: 'a request that shares does not pass an exclusive one that waits',
    needs: ['shared', 'inbox'],
    processes: 3,
    async run(arena, [one, two, three], name) {
      assert(one && two && three);
      const shared = terms(name, { mode: 'shared' });
      const reader = await one.acquire(shared);
      const order: string[] = [];
      const writing = later(
        two.acquire(terms(name)).then((held) => (order.push('writer'), two.release(held))),
      );
      await arena.queue(name, 1, 1);
      const reading = later(
        three.acquire(shared).then((held) => (order.push('reader'), three.release(held))),
      );
      await arena.queue(name, 1, 2);
      await one.release(reader);
      await Promise.all([writing, reading]);
      assert.deepEqual(order, ['writer', 'reader']);
    },
  },
  {
    title: 'a grant that was pushed is acknowledged: the lease lasts its ttl, not 800 ms',
    needs: ['inbox'],
    processes: 2,
    async run(arena, [one, two], name) {
      assert(one && two);
      let remaining = 0;
      const isWhole = async (): Promise<boolean> => {
        remaining = (await arena.referee.query(name)).held[0]?.remaining ?? 0;
        return remaining > 10_000;
      };
      const describe = (): string => `the server counts ${remaining} ms of a ttl of 20,000`;
      // The first grant may be found by the check that follows the joining of the room, which acknowledges too.
      for (let i = 0; i < 3; i++) {
        const first = await one.acquire(terms(name));
        const waiting = later(two.acquire(terms(name, { ttl: 20_000, renew: false })));
        await arena.queue(name, 1, 1);
        await one.release(first);
        const held = await waiting;
        await until(isWhole, { limitMs: arena.patienceMs, describe });
        await two.release(held);
      }
    },
  },
];
