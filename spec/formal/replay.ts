import { say, Verifier } from './spin.js';
import { claimOf, forged, OutOfBounds, transcriptOf, type Transcript } from './transcript.js';

const TRANSCRIPTS = 8;
const MOST_SEEDS = 400;
const LOSSES = 3;
/** Of a forgery all runs have to be searched, not one to be found. */
const FORGERIES = 3;

/**
 * Whether the model has a run that looks like each of these runs of the simulation. It must have none that looks like
 * what is forged of them. Says on the console what it has found.
 */
export function replay(clients: number, lingers: boolean): boolean {
  const { transcripts, skipped } = collected(clients, lingers);
  const forgeries = transcripts
    .flatMap((one) => forged(one) ?? [])
    .sort((one, other) => one.views.length - other.views.length)
    .slice(0, FORGERIES);
  const claims = [...transcripts.map((one) => claimOf(one, nameOf(one))), ...forgeries.map(forgeryOf)];
  using verifier = new Verifier(
    { CLIENTS: clients, REQUESTS: 0, LOSSES, DEATHS: 1, LINGERS: Number(lingers), WISHES: lingers ? 1 : 3 },
    false,
    claims.join('\n'),
  );
  const isFound = (claim: string): boolean => verifier.check(claim).isBroken;
  const unexplained = transcripts.filter((one) => !isFound(nameOf(one)));
  const believed = forgeries.filter((one) => isFound(`${nameOf(one)}_forged`));
  const views = transcripts.reduce((sum, one) => sum + one.views.length, 0);
  const isRight = unexplained.length === 0 && believed.length === 0 && forgeries.length > 0;
  say(
    `${isRight ? 'ok ' : 'NOT'} replay: ${transcripts.length} runs of ${clients} simulated clients ${lingers ? 'with leases that linger ' : ''}are runs of the model ` +
      `(${views} moments; ${forgeries.length} forged ones are not; ${skipped} beyond its bounds left out)`,
  );
  for (const { seed } of unexplained) say(`    not a run of the model: seed ${seed}`);
  for (const { seed } of believed) say(`    a forgery is taken for a run: seed ${seed}`);
  return isRight;
}

function collected(clients: number, lingers: boolean): { transcripts: Transcript[]; skipped: number } {
  const transcripts: Transcript[] = [];
  let skipped = 0;
  for (let seed = 1; transcripts.length < TRANSCRIPTS && seed <= MOST_SEEDS; seed++) {
    try {
      const transcript = transcriptOf(seed, clients, lingers);
      if (!lingers || transcript.views.some(({ phases }) => phases.includes('LINGERING')))
        transcripts.push(transcript);
    } catch (error) {
      if (!(error instanceof OutOfBounds)) throw error;
      skipped++;
    }
  }
  return { transcripts, skipped };
}

function nameOf({ seed }: Transcript): string {
  return `seed_${seed}`;
}

function forgeryOf(one: Transcript): string {
  return claimOf(one, `${nameOf(one)}_forged`);
}
