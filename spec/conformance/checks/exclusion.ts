import assert from 'node:assert/strict';
import type { Check } from '../check.js';
import { type Contestant, type Held, later, terms } from '../contestant.js';

const ROUNDS = 15;

/** Who is inside, as the suite sees it: from when a grant was told until the release is ordered, so never too long. */
class Inside {
  readonly tokens: (number | undefined)[] = [];
  #units = 0;
  #most = 0;

  async hold(contestant: Contestant, take: () => Promise<Held>, units = 1): Promise<void> {
    const held = await take();
    this.#units += units;
    this.#most = Math.max(this.#most, this.#units);
    this.tokens.push(held.token);
    await new Promise((resolve) => setImmediate(resolve));
    this.#units -= units;
    await contestant.release(held);
  }

  get most(): number {
    return this.#most;
  }
}

async function rounds(
  contestants: readonly Contestant[],
  round: (one: Contestant) => Promise<void>,
): Promise<void> {
  const all = contestants.map(async (contestant) => {
    for (let i = 0; i < ROUNDS; i++) await round(contestant);
  });
  await Promise.all(all);
}

export const exclusion: readonly Check[] = [
  {
    title: 'of several processes one at a time holds an exclusive lock',
    needs: [],
    processes: 3,
    async run(_arena, contestants, name) {
      const inside = new Inside();
      await rounds(contestants, (one) => inside.hold(one, () => one.acquire(terms(name))));
      assert.equal(inside.tokens.length, contestants.length * ROUNDS);
      assert.equal(inside.most, 1, 'two processes were told that they hold the lock');
    },
  },
  {
    title: 'two requests of one process exclude each other like those of two',
    needs: ['inbox'],
    processes: 1,
    async run(_arena, [one], name) {
      assert(one);
      const inside = new Inside();
      await rounds([one, one, one], () => inside.hold(one, () => one.acquire(terms(name))));
      assert.equal(inside.most, 1, 'two requests of one process were granted together');
    },
  },
  {
    title: 'each grant has a greater fencing token than the one before',
    needs: ['tokens'],
    processes: 2,
    async run(_arena, contestants, name) {
      const inside = new Inside();
      await rounds(contestants, (one) => inside.hold(one, () => one.acquire(terms(name))));
      for (const [i, token] of inside.tokens.entries()) {
        assert(Number.isSafeInteger(token), `token ${token} is no safe integer`);
        const before = inside.tokens[i - 1] ?? 0;
        assert(Number(token) > before, `token ${token} after ${before}`);
      }
    },
  },
  {
    title: 'requests that share hold a lock together, and never with an exclusive one',
    needs: ['shared'],
    processes: 3,
    async run(arena, [one, two, three], name) {
      assert(one && two && three);
      const readers = await Promise.all(
        [one, two].map((reader) => reader.acquire(terms(name, { mode: 'shared' }))),
      );
      await arena.queue(name, 2, 0);
      const writer = later(three.acquire(terms(name)));
      await arena.queue(name, 2, 1);
      await Promise.all([one.release(readers[0] as Held), two.release(readers[1] as Held)]);
      const held = await writer;
      await arena.queue(name, 1, 0);
      await three.release(held);
    },
  },
  {
    title: 'no more permits of a semaphore are out than there are',
    needs: ['semaphore'],
    processes: 3,
    async run(_arena, contestants, name) {
      const inside = new Inside();
      const sizes = [1, 2, 3];
      const work = contestants.map(async (one, i) => {
        const permits = sizes[i] ?? 1;
        const wanted = terms(name, { mode: 'semaphore', permits, of: 3 });
        for (let round = 0; round < ROUNDS; round++)
          await inside.hold(one, () => one.acquire(wanted), permits);
      });
      await Promise.all(work);
      assert(inside.most <= 3, `${inside.most} permits of 3 were out`);
    },
  },
  {
    title: 'several names are had together or not at all, and opposite orders do not lock each other out',
    needs: ['several-names'],
    processes: 2,
    async run(arena, [one, two], name) {
      assert(one && two);
      const names = [`${name} a`, `${name} b`];
      const inside = new Inside();
      await Promise.all([
        rounds([one], () => inside.hold(one, () => one.acquire(terms(names)))),
        rounds([two], () => inside.hold(two, () => two.acquire(terms([...names].reverse())))),
      ]);
      assert.equal(inside.most, 1);
      const single = await one.acquire(terms(names[1] ?? ''));
      const both = later(two.acquire(terms(names)));
      await arena.queue(names[1] ?? '', 1, 1);
      await arena.queue(names[0] ?? '', 0, 1);
      await one.release(single);
      await two.release(await both);
    },
  },
];
