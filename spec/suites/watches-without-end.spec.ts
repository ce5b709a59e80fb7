/** An observer that has more and more names watched: the server keeps so many, and everybody else goes on. */
import { LockLimitError, LockOptionsError } from '../../lib/index.js';
import { MAX_NAMES, MAX_WATCHES, Refusal, Told } from '../../lib/schema/constants.js';
import { HostileClient } from '../hostile/hostile-client.js';
import { Occupants } from '../hostile/occupants.js';
import type { Sent } from '../hostile/wire.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent, rejection, until } from '../support/until.js';

/** Two runs of the sweeper. */
const SOON_MS = 4_000;

onEachBackEnd('names that are watched without end', (backEnd) => {
  let observer: HostileClient;
  let occupants: Occupants;
  let asked: number;

  beforeEach(async () => {
    await backEnd.manager().setup();
    observer = await HostileClient.connect(
      backEnd.tcp,
      backEnd.auth as { username: string; password: string },
    );
    occupants = new Occupants(observer, `//${backEnd.collection}`);
    asked = 0;
    backEnd.atEnd(async () => {
      await occupants.alter('s.watches.clear();');
      await observer.close();
    });
  });

  /** So many calls for as many new names as one may hold. */
  async function flood(calls: number): Promise<Sent[]> {
    const told: Sent[] = [];
    for (let call = 0; call < calls; call++) {
      const names = Array.from({ length: MAX_NAMES }, () => `watched ${++asked}`);
      told.push(...((await occupants.run('lock_watch', [names])) as Sent[]));
    }
    return told;
  }

  const stored = () => backEnd.query('.thingsdb_lock.watches.len();');
  const wasRefused = (told: Sent): boolean =>
    Array.isArray(told) && Number(told[0]) === Told.refused && Number(told[1]) === Refusal.noPlace;

  test('are kept up to a number; locks, those who watch already, and whoever watches all names go on', async () => {
    const [manager, watching] = [backEnd.manager(), backEnd.manager()];
    const mine = await watching.watch('mine');
    const told = await flood(MAX_WATCHES / MAX_NAMES);
    expect(told.filter(wasRefused)).toHaveLength(1);
    expect((await flood(20)).every(wasRefused)).toBe(true);
    expect(await stored()).toBe(MAX_WATCHES);

    const refused = await rejection(manager.watch('one more'));
    expect(refused).toBeInstanceOf(LockLimitError);
    expect((refused as Error).message).toContain('"one more"');
    const all = await manager.watch();
    const [room] = (await occupants.run('lock_watch', [['mine', 'one more']])) as Sent[];
    expect(wasRefused(room as Sent)).toBe(false);

    const events = [nextEvent(mine, 'acquired'), nextEvent(all, 'released')];
    await (await manager.acquire('mine')).release();
    await Promise.all(events);
    expect(await stored()).toBe(MAX_WATCHES + 1);
  });

  test('give their places back when nobody asks for them any more', async () => {
    await flood(MAX_WATCHES / MAX_NAMES);
    const manager = backEnd.manager();
    expect(await rejection(manager.watch('late'))).toBeInstanceOf(LockLimitError);
    // Two minutes later.
    await occupants.alter('s.watches.values().each(|w| { w.due = 1; nil; }); wse(s.fn.arm(s, int(now())));');
    await until(async () => (await stored()) === 0, { limitMs: SOON_MS });
    const watch = await manager.watch('late');
    const event = nextEvent(watch, 'acquired');
    await (await manager.acquire('late')).release();
    await event;
  });

  test('are refused by one manager before it takes a quarter of the places', async () => {
    const manager = backEnd.manager();
    const most = MAX_WATCHES / 4;
    await Promise.all(Array.from({ length: most }, (_, i) => manager.watch(`own ${i}`)));
    const error = await rejection(manager.watch('one more'));
    expect(error).toBeInstanceOf(LockLimitError);
    expect(error).not.toBeInstanceOf(LockOptionsError);
    expect(await stored()).toBe(most);
    await manager.close();
  });
});
