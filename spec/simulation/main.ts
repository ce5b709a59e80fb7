/**
 * Runs seeds of the simulation, says of each that breaks a rule what is wrong with it, and ends with 1 then.
 *
 *     npm run simulate -- --first 20000 --seeds 5000
 *
 * `--every 2`: every other seed, from the first on. `--kind heldUp`: runs of one kind (plans.ts) alone. `--trace`: all that
 * happens in the first is shown, call by call.
 */
import { parseArgs } from 'node:util';
import { isKind } from './plans.js';
import { traceOf, wrongWith } from './search.js';

const { values } = parseArgs({
  options: {
    first: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '10000' },
    every: { type: 'string', default: '1' },
    kind: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});
const [first, count, every] = [values.first, values.seeds, values.every].map(Number) as [
  number,
  number,
  number,
];

const { kind } = values;
if (kind !== undefined && !isKind(kind)) throw new Error(`there are no runs of kind ${kind}`);

if (values.trace) process.stdout.write(`${traceOf(first, { kind }).join('\n')}\n`);

let wrong = 0;
for (let seed = first; seed < first + count; seed += every) {
  const why = wrongWith(seed, { kind });
  if (why === undefined) continue;
  wrong++;
  process.stdout.write(`${why}\n\n`);
}
process.stdout.write(`seeds ${first} to ${first + count - 1}: ${wrong} break a rule\n`);
process.exitCode = wrong === 0 ? 0 : 1;
