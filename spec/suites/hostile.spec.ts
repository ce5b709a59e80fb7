/**
 * Nothing that a client may send does more than cost time: calls of the procedures with arguments that no honest client
 * sends, by users of all rights, while what is stored is compared and honest clients take locks beside them.
 *
 * The calls follow from a seed. A round that finds something is printed with a line that repeats it, alone:
 *
 *     HOSTILE_SEED=17 npx jest spec/suites/hostile.spec.ts
 *
 * `HOSTILE_CALLS` sets another number of calls.
 */
import { seedOfToday, Random } from '../chaos/random.js';
import { BackEndArena } from '../hostile/arena.js';
import { reportOf, type Finding } from '../hostile/finding.js';
import { Round } from '../hostile/round.js';
import { schema2 } from '../hostile/schema-2.js';
import { Extension, ExtensionValue } from '../hostile/wire.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent } from '../support/until.js';

const CALLS = 2_000;
/** So many calls are made in one collection. */
const CALLS_A_ROUND = 500;
const LIMIT_MS = 1_200_000;

const { HOSTILE_SEED, HOSTILE_CALLS } = process.env;
const calls = HOSTILE_CALLS === undefined ? CALLS : Number(HOSTILE_CALLS);

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

onEachBackEnd('hostile calls', (backEnd) => {
  const seeds = new Random(seedOfToday());
  const rounds = HOSTILE_SEED === undefined ? Math.ceil(calls / CALLS_A_ROUND) : 1;

  test(
    `${calls} of them are refused without a trace, or do what their sender has a right to`,
    async () => {
      const findings: Finding[] = [];
      for (let i = 0; i < rounds; i++) {
        const seed = HOSTILE_SEED === undefined ? seeds.between(1, 2 ** 31) : Number(HOSTILE_SEED);
        const arena = await BackEndArena.open(backEnd, `hostile_${seed}`);
        const round = new Round(arena, schema2, seed);
        await round.run(CALLS_A_ROUND);
        await arena.close();
        findings.push(...round.findings);
      }
      if (findings.length > 0) throw new Error(reportOf(findings));
    },
    LIMIT_MS,
  );
});
