/**
 * What a lock costs while many others are held: acquire and release of one free name, with 10 held names and with
 * 100,000 (`--held N`), in the same collection.
 *
 *   node --import tsx bench/many-held.ts [--samples 3000] [--held 100000]
 *
 * Against THINGSDB_URL, or the embedded server in a process of its own.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { WebSocketClient } from '../lib/client/web-socket-client.js';
import { LockManager } from '../lib/index.js';
import { measureInterleaved } from './interleaved.js';
import { serverUnderTest } from './server-under-test.js';

const FEW = 10;
const AT_ONCE = 1_000;

/** Takes names `from` to `to` by the server's own function, many in one change: for the set-up of the measurement only. */
const TAKE = `
  s = .thingsdb_lock;
  range(from, to).each(|i| {
    wse(s.fn.request(s, \`held {i}\`, \`ticket-of-the-bench-{i}\`, i, 'inbox-of-the-bench', 3600000, 'bench', true));
  });
  nil;
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { samples: { type: 'string', default: '3000' }, held: { type: 'string', default: '100000' } },
  });
  const [samples, held] = [Number(values.samples), Number(values.held)];
  const server = await serverUnderTest();
  const collection = `bench_${randomBytes(6).toString('hex')}`;
  const client = new WebSocketClient(server.url, { requestTimeoutMs: 60_000 });
  const manager = new LockManager({ client: () => client, auth: server.auth, collection });
  try {
    await manager.setup();
    const lock = manager.get('one more');
    const cycle = {
      name: 'acquire + release',
      run: async () => {
        const lease = await lock.acquire();
        await lease.release();
      },
    };
    let taken = 0;
    for (const count of [FEW, held]) {
      while (taken < count) {
        const to = Math.min(count, taken + AT_ONCE);
        await client.query(`//${collection}`, TAKE, { from: taken, to });
        taken = to;
      }
      const [result] = await measureInterleaved([cycle], { samples, warmUp: 500 });
      console.log(
        `${server.name} server, ${count} held: p50 ${result?.p50Us.toFixed(1)} us, p99 ${result?.p99Us.toFixed(1)} us`,
      );
    }
  } finally {
    await client.query('@thingsdb', 'try(del_collection(name));', { name: collection });
    await manager.close();
    await server.stop();
  }
}

void main();
