import assert from 'node:assert/strict';
import type { Arena } from '../arena.js';
import type { Check } from '../check.js';
import { type Contestant, later, terms } from '../contestant.js';

/** Tells every request there is an event with its own number, in its own room: whoever has the right JOIN can. */
async function forge(arena: Arena, event: string, others: string): Promise<void> {
  await arena.query(`
    .thingsdb_lock.locks.values().each(|q| [q.held, q.waiting].each(|requests| requests.each(|r|
      r.inbox.room.emit('${event}', r.number${others})
    )));
    nil;
  `);
}

/** Two answers to a client come after the one that names its room, and so after it has joined that. */
async function joined(contestant: Contestant, name: string): Promise<void> {
  for (const round of [1, 2]) await contestant.release(await contestant.acquire(terms(`${name} ${round}`)));
}

export const forged: readonly Check[] = [
  {
    title: 'a grant with a proof that is not the id of the request lets nobody in',
    needs: ['inbox'],
    processes: 2,
    async run(arena, [one, two], name) {
      assert(one && two);
      const held = await one.acquire(terms(name));
      let isIn = false;
      const waiting = later(two.acquire(terms(name)).then((lease) => ((isIn = true), lease)));
      await arena.queue(name, 1, 1);
      await joined(two, name);
      const grant = `, '0123456789abcdef', 9007199254740990, int(now() * 1000000), int(now() * 1000000) + 800000`;
      await forge(arena, 'granted', grant);
      // Answered after what was pushed before it has been taken in.
      await two.release(await two.acquire(terms(`${name} b`)));
      assert.equal(isIn, false, 'a forged grant was believed');
      await one.release(held);
      await two.release(await waiting);
    },
  },
  {
    title: 'a loss that the server does not confirm ends no lease',
    needs: ['inbox', 'lost', 'truth'],
    processes: 1,
    async run(arena, [one], name) {
      assert(one);
      const held = await one.acquire(terms(name));
      await joined(one, name);
      await forge(arena, 'lost', ', 1');
      await one.release(await one.acquire(terms(`${name} b`)));
      assert.equal(one.hasLost(held), false, 'a forged loss was believed');
      assert.equal(await one.release(held), true);
    },
  },
];
