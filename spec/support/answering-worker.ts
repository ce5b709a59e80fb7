import { Worker } from 'node:worker_threads';

/**
 * In plain JavaScript, as a worker does not pass through the compiler of the specs. An answer is counted once it has
 * been handed to the operating system. From there on the client can read it, whatever this thread does.
 */
const SOURCE = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { createServer } = require('node:net');
  const { WebSocketServer } = require('ws');
  const pong = (data) => Buffer.from([0, 0, 0, 0, data[4], data[5], 16, 239]);
  const count = () => {
    Atomics.add(workerData.answered, 0, 1);
    Atomics.notify(workerData.answered, 0);
  };
  const server = workerData.scheme === 'ws' ? new WebSocketServer({ port: 0 }) : createServer().listen(0);
  server.on('listening', () => parentPort.postMessage(server.address().port));
  server.on('connection', (connection) => {
    if (workerData.scheme === 'ws') connection.on('message', (data) => connection.send(pong(data), count));
    else connection.on('error', () => {}).on('data', (data) => connection.write(pong(data), count));
  });
`;

/** A server in a thread of its own, which goes on while the thread of the spec is blocked: answers every request. */
export class AnsweringWorker {
  readonly url: string;
  readonly #worker: Worker;
  readonly #answered: Int32Array;

  private constructor(worker: Worker, url: string, answered: Int32Array) {
    this.#worker = worker;
    this.#answered = answered;
    this.url = url;
  }

  static async start(scheme: 'ws' | 'thingsdb'): Promise<AnsweringWorker> {
    const answered = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(SOURCE, { eval: true, workerData: { answered, scheme } });
    const port = await new Promise<number>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    return new AnsweringWorker(worker, `${scheme}://127.0.0.1:${port}`, answered);
  }

  /** Stops this thread, as SIGSTOP would, until the first answer is on its way and `leastMs` have passed. */
  blockUntilAnswered(leastMs: number): void {
    const endMs = performance.now() + leastMs;
    Atomics.wait(this.#answered, 0, 0, 20_000);
    while (performance.now() < endMs);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
