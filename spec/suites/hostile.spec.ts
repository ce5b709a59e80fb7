/**
 * Nothing that a client may send does more than cost time. Users of all rights call the procedures with arguments that
 * no honest client sends. What is stored is compared meanwhile, and honest clients take locks beside them.
 *
 * The calls follow from a seed. A round that finds something is printed with a line that repeats it, alone:
 *
 *     HOSTILE_SEED=17 npx jest spec/suites/hostile.spec.ts
 *
 * `HOSTILE_CALLS` sets another number of calls: by hand on a real node
 *
 *     BACK_END=real THINGSDB_URL=... HOSTILE_CALLS=100000 npx jest spec/suites/hostile
 */
import { BackEndArena } from '../hostile/arena.js';
import { hostileCalls } from '../hostile/hostile-calls.js';
import { Extension, ExtensionValue } from '../hostile/wire.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent } from '../support/until.js';

onEachBackEnd('ids of rooms beyond the safe integers', (backEnd) => {
  test('whoever may log in can bring them about; honest clients go on', async () => {
    const arena = await BackEndArena.open(backEnd, `${backEnd.collection}_large`);
    const room = ExtensionValue.byId(Extension.room, 2n ** 62n);
    await arena.clients.get('nobody')?.run(arena.scope, 'lock_locked', [room]);
    await arena.contend();
    const watcher = backEnd.manager({ collection: `${backEnd.collection}_large` });
    const watch = await watcher.watch('contended');
    const told = nextEvent(watch, 'released');
    await arena.contend();
    await told;
    expect((await arena.honest('lock_watch', [['x']])) as bigint[]).toEqual([expect.any(BigInt)]);
    await watcher.close();
    await arena.close();
  });
});

hostileCalls('first');
