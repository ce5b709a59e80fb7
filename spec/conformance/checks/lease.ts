import assert from 'node:assert/strict';
import type { Check } from '../check.js';
import { later, Refusal, terms } from '../contestant.js';
import { until } from '../../support/until.js';

const SLACK_MS = 3_000;

export const lease: readonly Check[] = [
  {
    title: 'a killed holder is taken over when its lease ends, and not before',
    needs: [],
    processes: 2,
    async run(arena, [one, two], name) {
      assert(one && two);
      const ttl = 1_000;
      const held = await one.acquire(terms(name, { ttl, renew: false }));
      const grantedMs = performance.now();
      const next = later(two.acquire(terms(name)));
      await arena.queue(name, 1, 1);
      await one.kill();
      const granted = await next;
      const nowMs = performance.now();
      // The lease began between the two; the machine's clocks may differ by a little in their speed.
      assert(nowMs - held.askedAtMs >= ttl - 20, 'it was taken over before its lease had ended');
      assert(nowMs - grantedMs < ttl + 2_000 + SLACK_MS, 'it was not taken over within 2 s of its end');
      await two.release(granted);
    },
  },
  {
    title: 'a lease is renewed until it is released',
    needs: ['renew', 'inbox'],
    processes: 1,
    async run(arena, [one], name) {
      assert(one);
      const ttl = 600;
      const held = await one.acquire(terms(name, { ttl }));
      const [before] = (await arena.referee.query(name)).held;
      await until(async () => {
        const [now] = (await arena.referee.query(name)).held;
        assert.equal(now?.fencingToken, before?.fencingToken, 'the lease has ended');
        return performance.now() - held.askedAtMs > 3 * ttl;
      });
      assert.equal(await one.isHeld(held), true);
      assert.equal(await one.release(held), true);
    },
  },
  {
    title: 'extending a lease makes it end later',
    needs: ['extend', 'inbox'],
    processes: 1,
    async run(arena, [one], name) {
      assert(one);
      const held = await one.acquire(terms(name, { ttl: 2_000, renew: false }));
      await one.order({ do: 'extend', key: held.key, ttl: 20_000 });
      const [now] = (await arena.referee.query(name)).held;
      assert(Number(now?.remaining) > 10_000, `${now?.remaining} ms are left of an extension by 20,000`);
      await one.release(held);
    },
  },
  {
    title: 'a release says whether the lock was held until then',
    needs: ['truth'],
    processes: 1,
    async run(arena, [one], name) {
      assert(one);
      assert.equal(await one.release(await one.acquire(terms(name))), true);
      const taken = await one.acquire(terms(name));
      assert.equal(await arena.referee.forceRelease(name), 1);
      assert.equal(await one.release(taken), false);
    },
  },
  {
    title: 'a holder whose lease is taken away is told, and believes in it no longer',
    needs: ['lost'],
    processes: 1,
    async run(arena, [one], name) {
      assert(one);
      const held = await one.acquire(terms(name));
      await arena.referee.forceRelease(name);
      await one.lostAtMs(held);
      assert.equal(await one.isHeld(held), false);
    },
  },
  {
    title: 'a lease that is not renewed is lost by its end, for its holder too',
    needs: ['lost'],
    processes: 1,
    async run(_arena, [one], name) {
      assert(one);
      const ttl = 500;
      const held = await one.acquire(terms(name, { ttl, renew: false }));
      const lostMs = await one.lostAtMs(held);
      assert(lostMs - held.askedAtMs < ttl + SLACK_MS, 'it was told long after the end');
      assert.equal(await one.isHeld(held), false);
    },
  },
  {
    title: 'a lease that is handed to another process goes on there with its token, and once',
    needs: ['transfer', 'tokens'],
    processes: 2,
    async run(arena, [one, two], name) {
      assert(one && two);
      const held = await one.acquire(terms(name));
      const text = (await one.order({ do: 'serialize', key: held.key })) as string;
      assert.equal(await one.isHeld(held), false);
      const key = two.newKey();
      const adopted = (await two.order({ do: 'adopt', key, text })) as { token: number };
      assert.equal(adopted.token, held.token);
      await arena.queue(name, 1, 0);
      await assert.rejects(
        one.order({ do: 'adopt', key: one.newKey(), text }),
        (error) => error instanceof Refusal && error.code === 'lost',
        'it was adopted twice',
      );
      await two.release({ ...held, key });
    },
  },
  {
    title: 'whoever closes lets go of what it holds, and of its places, and ends with status 0',
    needs: ['inbox'],
    processes: 2,
    async run(arena, [one, two], name) {
      assert(one && two);
      await one.acquire(terms(name));
      const held = await two.acquire(terms(`${name} b`));
      void later(one.acquire(terms(`${name} b`)));
      await arena.queue(`${name} b`, 1, 1);
      assert.equal(await one.close(), 0);
      await arena.queue(name, 0, 0);
      await arena.queue(`${name} b`, 1, 0);
      await two.release(held);
    },
  },
];
