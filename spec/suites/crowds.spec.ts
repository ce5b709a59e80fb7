/** Very many requests of one name: they are granted, forgotten, ended and shown as few are, and in bounded pieces. */
import { Told } from '../../lib/schema/constants.js';
import { idText, many, type Occupant, type Occupants } from '../hostile/occupants.js';
import type { Sent } from '../hostile/wire.js';
import { onEachBackEnd } from '../support/back-end.js';
import { until } from '../support/until.js';
import { occupied } from './occupied.js';

const CROWD = 60;
/** More than one call tells of. */
const BIG_CROWD = 10_050;
const MOST_ENTRIES = 10_000;
const MOST_SWEPT = 5_000;
/** Two runs of the sweeper. */
const SOON_MS = 4_000;

onEachBackEnd(
  'very many requests of one name',
  (backEnd) => {
    let occupants: Occupants;

    beforeEach(async () => {
      occupants = await occupied(backEnd, ['crowded', 'other', 'a few']);
    });

    const shared = (names: readonly string[] = ['crowded']) => many(CROWD, () => ({ names, isShared: true }));
    const toldOf = async (some: readonly Occupant[], inbox?: string): Promise<number[]> => {
      const checks = some.map(({ name, id }): Sent => ['check', name, id, true]);
      return (await occupants.decide(checks, inbox)).map(([told]) => Number(told));
    };
    const release = ({ name, id }: Occupant): Sent => ['release', name, id];
    const first = async (inbox = occupants.inbox): Promise<Occupant> => {
      const [made] = await occupants.take([{ names: ['crowded'] }], inbox);
      if (made === undefined) throw new Error('nothing was made');
      return made;
    };

    test('one release grants all of them, in their order', async () => {
      const holder = await first();
      const crowd = await occupants.take(shared());
      await occupants.take([{ names: ['crowded'] }]);
      await occupants.decide([release(holder)]);
      const ids = await backEnd.query(
        `q = .thingsdb_lock.locks[':crowded']; [q.held.map(|r| r.id), q.waiting.len(), .thingsdb_lock.waiting.len()];`,
      );
      expect(ids).toEqual([crowd.map(({ id }) => id), 1, 1]);
      expect(await toldOf(crowd)).toEqual(Array(CROWD).fill(Told.held));
    });

    test('one release grants all of those that wait for two names, as far as they fit', async () => {
      const holder = await first();
      const [inOther] = await occupants.take([{ names: ['other'], isShared: true }]);
      const crowd = await occupants.take(shared(['crowded', 'other']));
      const [last] = await occupants.take([{ names: ['other', 'crowded'] }]);
      await occupants.decide([release(holder)]);
      expect(await toldOf(crowd)).toEqual(Array(CROWD).fill(Told.held));
      expect(await toldOf([last as Occupant])).toEqual([Told.waiting]);
      await occupants.decide([...crowd, inOther as Occupant].map(release));
      expect(await toldOf([last as Occupant])).toEqual([Told.held]);
    });

    test('those who are set aside in one of two queues are passed over there', async () => {
      const [holder, dead] = [await first(), idText()];
      const pairs = shared(['crowded', 'other']);
      // In both queues one of the dead process stands before each that lives.
      const [silent, crowd]: [Occupant[], Occupant[]] = [[], []];
      for (const pair of pairs) {
        silent.push(...(await occupants.take([pair], dead)));
        crowd.push(...(await occupants.take([pair])));
      }
      await occupants.alter(
        `box = s.inboxes[':${dead}']; box.silent = int(now() + 3600) * 1000000;
        s.waiting.values().each(|r| { if (r.inbox == box) r.state = 0; nil; });`,
      );
      await occupants.decide([release(holder)]);
      const state = await backEnd.query(
        `['crowded', 'other'].map(|name| {
          q = .thingsdb_lock.locks[':' + name];
          [q.held.map(|r| r.id), q.waiting.map(|r| r.id)];
        });`,
      );
      const ids = [crowd, silent].map((some) => some.map(({ id }) => id));
      expect(state).toEqual([ids, ids]);
    });

    test('those whose process does not answer keep their places, in their order', async () => {
      const [holder, dead] = [await first(), idText()];
      const crowd = await occupants.take(shared(), dead);
      await occupants.decide([release(holder)]);
      await occupants.expire();
      const [next] = await occupants.take([{ names: ['crowded'] }]);
      const state = await backEnd.query(
        `q = .thingsdb_lock.locks[':crowded']; [q.held.map(|r| r.id), q.waiting.map(|r| [r.id, r.state])];`,
      );
      expect(state).toEqual([[next?.id], crowd.map(({ id }) => [id, 0])]);
      // Its process lives after all.
      await occupants.decide([release(next as Occupant)], dead);
      expect(await toldOf(crowd, dead)).toEqual(Array(CROWD).fill(Told.held));
    });

    test('all of them run out together', async () => {
      await occupants.take(shared());
      const left = await occupants.take(
        many(2, () => ({ names: ['crowded'], isShared: true })),
        idText(),
      );
      await occupants.alter(`s.locks[':crowded'].held[0:${CROWD}].each(|r| { r.due = 1; nil; });`);
      await occupants.take([{ names: ['crowded'] }]);
      const ids = await backEnd.query(`.thingsdb_lock.locks[':crowded'].held.map(|r| r.id);`);
      expect(ids).toEqual(left.map(({ id }) => id));
    });

    test('a page tells of so many, and a manager goes on by itself', async () => {
      await occupants.take(many(2, () => ({ names: ['a few'] })));
      await first();
      // As so many calls would make them.
      await occupants.alter(`
        q = s.locks[':crowded'];
        box = s.inboxes[':${occupants.inbox}'];
        range(${BIG_CROWD - 1}).each(|i| q.waiting.push(ThingsDBLockRequest{
          state: 1, id: '', number: 0, names: ['crowded'], inbox: box, units: 1, limit: 1, since: 1, token: 0, due: 0,
          ttl: 1000, order: i, asks_at: 0, missed: false, lingers: false
        }));`);
      const page = async (...args: Sent[]): Promise<unknown[]> =>
        (await occupants.run('lock_query', args)) as unknown[];
      const [, next, few] = await page(null, '', 1_000n);
      expect([next, (few as unknown[]).length]).toEqual(['a few', 2]);
      const [, , most, told] = await page(null, 'a few', 1_000n);
      expect([(most as unknown[]).length, Number(told)]).toEqual([MOST_ENTRIES, MOST_ENTRIES]);
      const [, , rest, end] = await page('crowded', '', 1n, BigInt(MOST_ENTRIES));
      expect([(rest as unknown[]).length, Number(end)]).toEqual([BIG_CROWD - MOST_ENTRIES, 0]);
      const { held, pending } = await backEnd.manager().query('crowded');
      expect(held).toHaveLength(1);
      expect(pending.map(({ position }) => position)).toEqual(
        Array.from({ length: BIG_CROWD - 1 }, (_, i) => i + 1),
      );
      await occupants.alter("s.locks.del(':crowded');");
    });

    test('one sweep removes so many tombstones, the next ones the rest', async () => {
      await occupants.withdraw(MOST_SWEPT + 50);
      const left = 'left = .thingsdb_lock.tombstones.len();';
      // In one query, or the sweeper's own task may come between.
      const afterOne = await backEnd.query(`
        s = .thingsdb_lock;
        s.tombstones.values().each(|one| { one.due = 1; nil; });
        try(wse(s.fn.sweep(s, s.sweeper)));
        ${left}`);
      expect(afterOne).toBe(50);
      // Not being a task, it could not put itself off.
      await occupants.alter('wse(s.fn.arm(s, int(now())));');
      await until(async () => (await backEnd.query(left)) === 0, { limitMs: SOON_MS });
    });
  },
  { leavesRequests: true },
);
