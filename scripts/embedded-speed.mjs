// Measures the embedded ThingsDB, and a real node beside it:
//
//   npm run build && node scripts/embedded-speed.mjs [ROUNDS]
//
// Each start is a process of its own, which loads the package as an installed one. Each program is asked for over TCP,
// on both servers in turn; the time is that from the request to its answer. With THINGSDB_URL (and THINGSDB_USER,
// THINGSDB_PASSWORD or THINGSDB_TOKEN) a real node is measured too. The figures are medians.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { Client, serverFromEnvironment, Type } from './vector-runner.mjs';

const DEFAULT_ROUNDS = 15;
const PACKAGE = fileURLToPath(new URL('../dist/cjs/testing/index.js', import.meta.url));

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

const rounds = Number(process.argv[2] ?? DEFAULT_ROUNDS);
const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];
const shown = (ms) => (ms === undefined ? '-' : ms.toFixed(ms < 10 ? 1 : 0));

measureStarts();
await measurePrograms();

function measureStarts() {
  const starts = Array.from({ length: rounds }, () =>
    JSON.parse(execFileSync(process.execPath, ['-e', START], { encoding: 'utf8' })),
  );
  const of = (part) => shown(median(starts.map((start) => start[part])));
  console.log('| start | ms |\n| --- | ---: |');
  console.log(`| loading \`thingsdb-lock/testing\` | ${of('load')} |`);
  console.log(`| the first \`startThingsDB()\` until it is ready | ${of('first')} |`);
  console.log(`| any further one in the same process | ${of('second')} |\n`);
}

async function measurePrograms() {
  const { startThingsDB } = createRequire(import.meta.url)(PACKAGE);
  const db = await startThingsDB();
  const servers = [{ url: db.url, credentials: ['admin', 'pass'] }];
  if (process.env.THINGSDB_URL !== undefined) servers.push(serverFromEnvironment());
  const clients = await Promise.all(servers.map((server) => Client.connect(server)));
  const collection = `speed_${process.pid}`;
  await Promise.all(
    clients.map((client) => client.request(Type.query, ['@t', `new_collection('${collection}');`])),
  );
  try {
    console.log('| 10,000 times | embedded, ms | real node, ms |\n| --- | ---: | ---: |');
    for (const [name, code] of PROGRAMS) {
      const times = clients.map(() => []);
      for (let round = 0; round < rounds; round += 1) {
        for (const [at, client] of clients.entries()) {
          const from = performance.now();
          await client.request(Type.query, [`//${collection}`, code]);
          times[at].push(performance.now() - from);
        }
      }
      const [embedded, node] = times.map(median);
      console.log(`| ${name} | ${shown(embedded)} | ${shown(node)} |`);
    }
  } finally {
    await Promise.all(
      clients.map((client) => client.request(Type.query, ['@t', `del_collection('${collection}');`])),
    );
    for (const client of clients) client.close();
    await db.close();
  }
}
