/**
 * The process that measures systems with a client for Node. It takes an operation a line on stdin, and gives an answer
 * a line on stdout.
 */
import './built-library.js';
import { createInterface } from 'node:readline';
import { ADAPTERS } from '../systems/adapters.js';
import { Unavailable } from '../unavailable.js';
import { LockWorker } from './lock-worker.js';
import type { OperationName } from './operations.js';

interface Order {
  readonly id: number;
  readonly op: OperationName;
  readonly args: never;
}

const worker = new LockWorker((system) => {
  const adapter = ADAPTERS[system];
  if (adapter === undefined) throw new Unavailable(`no adapter for ${system}`);
  return adapter;
});

async function obey({ id, op, args }: Order): Promise<void> {
  let answer: object;
  try {
    answer = { id, result: await worker[op](args) };
  } catch (error) {
    const text = textOf(error);
    answer = error instanceof Unavailable ? { id, unavailable: text } : { id, error: text };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  if (op === 'close') process.exit(0);
}

/** thingsdb.js rejects with what the server has sent, which is no `Error`. */
function textOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  const { error_msg: text, error_code: code } = (error ?? {}) as {
    error_msg?: unknown;
    error_code?: unknown;
  };
  return typeof text === 'string' ? `${text} (${String(code)})` : String(error);
}

const orders = createInterface({ input: process.stdin });
orders.on('line', (line) => void obey(JSON.parse(line) as Order));
// The harness is gone: nobody reads what is measured.
orders.on('close', () => process.exit(0));
