import { Random, seedOfToday } from '../chaos/random.js';
import { onEachBackEnd, type BackEnd } from '../support/back-end.js';
import { BackEndArena } from './arena.js';
import { reportOf, type Finding } from './finding.js';
import { Round } from './round.js';
import { schema2 } from './schema-2.js';

/** So many calls are made in one collection. */
const CALLS_A_ROUND = 1_000;
/** Of each half. */
const EMBEDDED_CALLS = 10_000;
const NODE_CALLS = 1_000;
const LIMIT_MS = 1_200_000;

const { HOSTILE_SEED, HOSTILE_CALLS } = process.env;

/**
 * Half of the hostile calls of one run: two files of specs share them, so that they run side by side. A seed that is
 * given is played once, in the first.
 */
export function hostileCalls(half: 'first' | 'second'): void {
  const isSeeded = HOSTILE_SEED !== undefined;
  if (isSeeded && half === 'second') {
    test('the seed that is given is played in the first half', () => undefined);
    return;
  }
  const seeds = Random.of(seedOfToday(), half);
  onEachBackEnd(`hostile calls, the ${half} half`, (backEnd) => {
    test(
      'are refused without a trace, or do what their sender has a right to',
      async () => {
        const findings: Finding[] = [];
        for (let left = isSeeded ? 1 : callsOn(backEnd); left > 0; left -= CALLS_A_ROUND) {
          const seed = isSeeded ? Number(HOSTILE_SEED) : seeds.between(1, 2 ** 31);
          findings.push(...(await playedRound(backEnd, seed)));
        }
        if (findings.length > 0) throw new Error(reportOf(findings));
      },
      LIMIT_MS,
    );
  });
}

function callsOn({ embedded }: BackEnd): number {
  if (HOSTILE_CALLS !== undefined) return Number(HOSTILE_CALLS) / 2;
  return embedded === undefined ? NODE_CALLS : EMBEDDED_CALLS;
}

async function playedRound(backEnd: BackEnd, seed: number): Promise<readonly Finding[]> {
  const arena = await BackEndArena.open(backEnd, `hostile_${seed}`);
  const round = new Round(arena, schema2, seed);
  await round.run(CALLS_A_ROUND);
  await arena.close();
  return round.findings;
}
