/** What the one task of a collection is set for: what is stored, and nothing else. */
import { idText, type Occupants } from '../hostile/occupants.js';
import { onEachBackEnd } from '../support/back-end.js';
import { until } from '../support/until.js';
import { occupied } from './occupied.js';

/** Two runs of the sweeper. */
const SOON_MS = 4_000;

onEachBackEnd(
  'the sweeper',
  (backEnd) => {
    let occupants: Occupants;

    beforeEach(async () => {
      occupants = await occupied(backEnd, ['name']);
    });

    test('a process that falls silent as its inbox is looked at gives the sweeper nothing to come back for in vain', async () => {
      const dead = idText();
      const [holder] = await occupants.take([{ names: ['name'] }]);
      await occupants.take([{ names: ['name'] }], dead);
      // Its grant is pushed, and missed for the second time. Nothing else has used its inbox for a minute.
      await occupants.decide([['release', 'name', holder?.id ?? '']]);
      await occupants.alter(`
        r = s.locks[':name'].held.first();
        r.missed = true;
        r.due = 1;
        r.inbox.used = false;
        r.inbox.due = 1;
        wse(s.fn.arm(s, int(now())));`);
      await until(async () => (await backEnd.query('.thingsdb_lock.locks.len();')) === 0, {
        limitMs: SOON_MS,
      });
      const [sweepAt, earliestDue] = (await backEnd.query(`
        s = .thingsdb_lock;
        dues = s.inboxes.values().map(|box| box.silent && box.silent < box.due ? box.silent : box.due);
        [s.sweep_at, dues.sort().first() / 1000000];`)) as [number, number];
      expect(sweepAt).toBe(earliestDue);
    });
  },
  { leavesRequests: true },
);
