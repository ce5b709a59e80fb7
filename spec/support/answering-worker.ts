import { Worker } from 'node:worker_threads';

/**
 * A server in a thread of its own, so that it goes on while the thread of the spec is busy: answers every request, after
 * a delay, with an empty package. In plain JavaScript, as a worker does not pass through the compiler of the specs.
 */
const SOURCE = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { WebSocketServer } = require('ws');
  const server = new WebSocketServer({ port: 0 });
  server.on('listening', () => parentPort.postMessage(server.address().port));
  server.on('connection', (connection) => connection.on('message', (data) => setTimeout(() => {
    connection.send(Buffer.from([0, 0, 0, 0, data[4], data[5], 16, 239]));
  }, workerData.delayMs)));
`;

export interface AnsweringWorker {
  readonly url: string;
  close(): Promise<unknown>;
}

export async function startAnsweringWorker(delayMs: number): Promise<AnsweringWorker> {
  const worker = new Worker(SOURCE, { eval: true, workerData: { delayMs } });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return { url: `ws://127.0.0.1:${port}`, close: () => worker.terminate() };
}
