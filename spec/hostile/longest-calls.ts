/**
 * How long one call of each procedure can keep a node. It has the largest arguments that it takes, and the most in its
 * way:
 *
 *     THINGSDB_URL=thingsdb://127.0.0.1:9200 npm run longest-calls
 *
 * Each is made alone, in a collection of its own, several times; the table says how long the client waited for the
 * answer. `--only TEXT`, any number of times, measures those whose title holds a text, `--times N` sets how often.
 */
import { parseArgs } from 'node:util';
import { LockManager } from '../../lib/index.js';
import { parseAddress } from '../../lib/client/address.js';
import { HostileClient } from './hostile-client.js';
import { Occupants } from './occupants.js';
import { TRIALS, type Trial } from './trials.js';

const { THINGSDB_URL = 'thingsdb://127.0.0.1:9200', THINGSDB_USER, THINGSDB_PASSWORD } = process.env;
const auth = { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' };
const COLLECTION = 'longest_calls';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [''] },
      times: { type: 'string', default: '3' },
    },
  });
  const address = parseAddress(THINGSDB_URL);
  const client = await HostileClient.connect({ host: address.host, port: address.port }, auth, 600_000);
  // What a run that was broken off has left.
  await client.query('@thingsdb', `try(del_collection('${COLLECTION}'));`);
  print('| call | median, ms | longest, ms |\n| --- | ---: | ---: |');
  for (const trial of TRIALS.filter(({ title }) => values.only.some((text) => title.includes(text)))) {
    const timesMs: number[] = [];
    for (let i = 0; i < Number(values.times); i++) timesMs.push(await measured(client, trial));
    timesMs.sort((a, b) => a - b);
    const median = timesMs[Math.floor(timesMs.length / 2)] ?? NaN;
    print(`| ${trial.title} | ${median.toFixed(1)} | ${(timesMs.at(-1) ?? NaN).toFixed(1)} |`);
  }
  await client.close();
}

async function measured(client: HostileClient, { prepare, call }: Trial): Promise<number> {
  const manager = new LockManager({ url: THINGSDB_URL, auth, collection: COLLECTION });
  await manager.setup();
  await manager.close();
  const occupants = new Occupants(client, `//${COLLECTION}`);
  try {
    await prepare?.(occupants);
    const [procedure, args] = call(occupants);
    const { errorCode, errorText, tookMs } = await client.run(`//${COLLECTION}`, procedure, args);
    if (errorCode !== undefined) throw new Error(`${procedure} was refused: ${errorCode} ${errorText}`);
    return tookMs;
  } finally {
    await client.query('@thingsdb', `del_collection('${COLLECTION}');`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
