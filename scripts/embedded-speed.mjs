// Measures the embedded ThingsDB, and a real node beside it:
//
//   npm run build && node --import tsx scripts/embedded-speed.mjs [--rounds 15] [--node PATH/TO/thingsdb]
//
// Each start is a process of its own. The embedded server loads the package as an installed one. A node begins with an
// empty folder. Each program is asked for over TCP, on both servers in turn. The time is that from the request to its
// answer. The figures are medians.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stopProgram, temporaryFolder } from '../bench/servers/program.ts';
import { spawnNode } from '../bench/servers/thingsdb.ts';
import { Client, Type } from './vector-runner.mjs';

const PACKAGE = fileURLToPath(new URL('../dist/cjs/testing/index.js', import.meta.url));
const CREDENTIALS = ['admin', 'pass'];
/** A node that starts is asked this often whether it is there. */
const ASK_MS = 2;

/** Prints the milliseconds of: loading the package, the first start, the second start. */
const START = `
  const { performance } = require('node:perf_hooks');
  const timed = async (action) => {
    const from = performance.now();
    const result = await action();
    return [result, performance.now() - from];
  };
  (async () => {
    const [{ startThingsDB }, load] = await timed(() => require(${JSON.stringify(PACKAGE)}));
    const [one, first] = await timed(() => startThingsDB());
    const [other, second] = await timed(() => startThingsDB());
    console.log(JSON.stringify({ load, first, second }));
    await one.close();
    await other.close();
  })();
`;

/** Ten thousand rounds of a loop each, or as many items. */
const PROGRAMS = [
  ['a statement on a variable', 'x = 0; for (i in range(10000)) { x += i; }; x;'],
  ['three statements on variables', 'x = 0; for (i in range(10000)) { a = i * 2; b = a + 1; x += b; }; x;'],
  ['an `if` and a comparison', 'x = 0; for (i in range(10000)) { if (i % 3 == 0) { x += 1; }; }; x;'],
  ['a stored property changed', '.n = 0; for (i in range(10000)) { .n += i; }; .n;'],
  ['a stored list pushed to', '.l = []; for (i in range(10000)) { .l.push(i); }; .l.len();'],
  ['a thing made and dropped', 'for (i in range(10000)) { x = {a: i, b: "text"}; }; x.a;'],
  ['a property of a thing made', '.t = {}; for (i in range(10000)) { .t.set(`:{i}`, i); }; .t.len();'],
  ['a closure called for each item', 'range(10000).map(|x| x + 1).len();'],
  ['text put together', 'for (i in range(10000)) { x = `item {i}`; }; x;'],
];

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, node: { type: 'string' } },
});
const rounds = Number(options.rounds);
const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];
const shown = (ms) => (ms === undefined ? '-' : ms.toFixed(ms < 10 ? 1 : 0));

await measureStarts();
await measurePrograms();

async function measureStarts() {
  const starts = [];
  const nodeStarts = [];
  for (let round = 0; round < rounds; round += 1) {
    starts.push(JSON.parse(execFileSync(process.execPath, ['-e', START], { encoding: 'utf8' })));
    if (options.node === undefined) continue;
    const node = await startNode();
    nodeStarts.push(node.startMs);
    await node.end();
  }
  const of = (part) => shown(median(starts.map((start) => start[part])));
  console.log('| start | ms |\n| --- | ---: |');
  console.log(`| loading \`thingsdb-lock/testing\` | ${of('load')} |`);
  console.log(`| the first \`startThingsDB()\` until it is ready | ${of('first')} |`);
  console.log(`| any further one in the same process | ${of('second')} |`);
  console.log(`| a real node, from its process to its first answer | ${shown(median(nodeStarts))} |\n`);
}

async function measurePrograms() {
  const { startThingsDB } = createRequire(import.meta.url)(PACKAGE);
  const db = await startThingsDB();
  const node = options.node === undefined ? undefined : await startNode();
  const urls = node === undefined ? [db.url] : [db.url, node.url];
  const clients = await Promise.all(urls.map((url) => Client.connect({ url, credentials: CREDENTIALS })));
  try {
    console.log('| 10,000 times | embedded, ms | real node, ms |\n| --- | ---: | ---: |');
    for (const [name, code] of PROGRAMS) {
      const times = clients.map(() => []);
      for (let round = 0; round < rounds; round += 1) {
        for (const [at, client] of clients.entries()) {
          const from = performance.now();
          await client.request(Type.query, ['//stuff', code]);
          times[at].push(performance.now() - from);
        }
      }
      const [embedded, real] = times.map(median);
      console.log(`| ${name} | ${shown(embedded)} | ${shown(real)} |`);
    }
  } finally {
    for (const client of clients) client.close();
    await db.close();
    await node?.end();
  }
}

/** A node of its own. It ends with this process at the latest. */
async function startNode() {
  const folder = temporaryFolder('thingsdb');
  const from = performance.now();
  const { child, tcpPort } = await spawnNode(options.node, folder.path, true);
  const url = `thingsdb://127.0.0.1:${tcpPort}`;
  await firstAnswer(url, child);
  return {
    url,
    startMs: performance.now() - from,
    end: async () => {
      // One that is asked to stop takes seconds to write its data down.
      await stopProgram(child, 'SIGKILL');
      folder.remove();
    },
  };
}

async function firstAnswer(url, child) {
  while (child.exitCode === null) {
    try {
      const client = await Client.connect({ url, credentials: CREDENTIALS });
      await client.request(Type.query, ['@n', '1;']);
      client.close();
      return;
    } catch (error) {
      if (error?.code !== 'ECONNREFUSED') throw error;
      await sleep(ASK_MS);
    }
  }
  throw new Error(`the node ended with status ${child.exitCode}`);
}
