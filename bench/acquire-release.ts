/**
 * What a lock costs beyond the network: acquire and release by one client of one free name, against two bare pings on
 * the same connection in the same run.
 *
 *   npm run bench -- [--samples 5000] [--json]
 *
 * Against THINGSDB_URL, or the embedded server in a process of its own.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { WebSocketClient } from '../lib/client/web-socket-client.js';
import { LockManager } from '../lib/index.js';
import { measureInterleaved, type Measurement } from './interleaved.js';
import { serverUnderTest, type ServerUnderTest } from './server-under-test.js';

const LEAST_SAMPLES = 100;
const WARM_UP_ROUNDS = 1_000;

interface Report {
  readonly server: ServerUnderTest['name'];
  readonly measurements: readonly Measurement[];
  /** Acquire and release, over two pings. */
  readonly ratio: { readonly p50: number; readonly p99: number };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { samples: { type: 'string', default: '5000' }, json: { type: 'boolean', default: false } },
  });
  const samples = Math.max(LEAST_SAMPLES, Number.parseInt(values.samples, 10) || 0);
  const server = await serverUnderTest();
  try {
    const report = await measure(server, samples);
    console.log(values.json ? JSON.stringify(report) : table(report));
  } finally {
    await server.stop();
  }
}

async function measure(server: ServerUnderTest, samples: number): Promise<Report> {
  const connection = new WebSocketClient(server.url);
  const collection = `bench_${randomBytes(6).toString('hex')}`;
  const manager = new LockManager({ client: () => connection, auth: server.auth, collection });
  try {
    await manager.setup();
    const lock = manager.get('bench');
    const measurements = await measureInterleaved(
      [
        {
          name: 'two pings',
          run: async () => {
            await connection.ping();
            await connection.ping();
          },
        },
        {
          name: 'acquire + release',
          run: async () => {
            const lease = await lock.acquire();
            await lease.release();
          },
        },
      ],
      { samples, warmUp: WARM_UP_ROUNDS },
    );
    const [pings, cycle] = measurements as [Measurement, Measurement];
    const ratio = { p50: cycle.p50Us / pings.p50Us, p99: cycle.p99Us / pings.p99Us };
    return { server: server.name, measurements, ratio };
  } finally {
    await connection.query('@thingsdb', 'try(del_collection(name));', { name: collection });
    await manager.close();
  }
}

function table({ server, measurements, ratio }: Report): string {
  const rows = [
    [`${server} server`, 'samples', 'p50 (us)', 'p99 (us)'],
    ...measurements.map(({ name, samples, p50Us, p99Us }) => [
      name,
      String(samples),
      p50Us.toFixed(1),
      p99Us.toFixed(1),
    ]),
    ['ratio', '', ratio.p50.toFixed(2), ratio.p99.toFixed(2)],
  ];
  return rows
    .map(([first = '', ...rest]) => first.padEnd(20) + rest.map((cell) => cell.padStart(10)).join(''))
    .join('\n');
}

void main();
