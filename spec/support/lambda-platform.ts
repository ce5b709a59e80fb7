/**
 * What a platform for serverless functions does, started by a spec. It loads the module once and calls its handler, at
 * first with time enough. At SIGTERM it calls once more, with no time to wait, and ends the process.
 */
import { type Event, handler, shutDown } from '../../examples/recipes/lambda.js';

async function call(event: Event, leftMs: number): Promise<void> {
  const result = await handler(event, { getRemainingTimeInMillis: () => leftMs });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

process.once('SIGTERM', () => void call({ customer: 'second' }, 500).then(shutDown));
// What it waits for, it waits for with this: a manager that nobody uses keeps no process.
const waiting = setInterval(() => undefined, 1_000);
process.once('SIGTERM', () => clearInterval(waiting));
void call({ customer: 'first' }, 30_000);
