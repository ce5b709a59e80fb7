import { Worker } from 'node:worker_threads';
import type { SqlClient } from '../../examples/fencing/postgresql-stock.js';

/**
 * In plain JavaScript, as a worker does not pass through the compiler of the specs. A thread, because PGlite imports
 * its parts while it runs, which Jest's own module system does not let it do.
 */
const SOURCE = `
  const { parentPort } = require('node:worker_threads');
  const { PGlite } = require('@electric-sql/pglite');
  const opening = PGlite.create();
  opening.then(() => parentPort.postMessage({ call: 0 }));
  parentPort.on('message', async ({ call, text, values }) => {
    try {
      const { rows } = await (await opening).query(text, values);
      parentPort.postMessage({ call, rows });
    } catch (error) {
      parentPort.postMessage({ call, error: error.message });
    }
  });
`;

interface Answer {
  readonly call: number;
  readonly rows?: readonly unknown[];
  readonly error?: string;
}

/** A PostgreSQL (PGlite) that is empty, in memory, and gone when it is closed. */
export class PostgresqlThread implements SqlClient {
  readonly #worker = new Worker(SOURCE, { eval: true });
  readonly #pending = new Map<
    number,
    { resolve: (answer: Answer) => void; reject: (error: Error) => void }
  >();
  #calls = 0;

  private constructor() {
    this.#worker.on('message', (answer: Answer) => {
      this.#pending.get(answer.call)?.resolve(answer);
      this.#pending.delete(answer.call);
    });
    this.#worker.on('error', (error: Error) => {
      for (const { reject } of this.#pending.values()) reject(error);
    });
  }

  static async start(): Promise<PostgresqlThread> {
    const thread = new PostgresqlThread();
    await thread.#answer(0);
    return thread;
  }

  async query(text: string, values: unknown[]): Promise<{ rows: readonly unknown[] }> {
    const call = ++this.#calls;
    const answering = this.#answer(call);
    this.#worker.postMessage({ call, text, values });
    const { rows, error } = await answering;
    if (rows === undefined) throw new Error(error);
    return { rows };
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(call: number): Promise<Answer> {
    return new Promise((resolve, reject) => this.#pending.set(call, { resolve, reject }));
  }
}
