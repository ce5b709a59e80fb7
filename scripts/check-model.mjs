// Checks the model in spec/formal/request.pml with Spin: `npm run formal -- [--deep]`. Needs `spin` and a C compiler.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODEL = join(dirname(fileURLToPath(import.meta.url)), '../spec/formal/request.pml');
/** Pan gives up beyond this, in MiB, and says so: then nothing is proven. */
const MEMORY_MB = 12_000;

/** @typedef {{ name: string, defines: Record<string, number>, law: 'holders' | 'served', isWrong?: boolean }} Run */

/** @type {readonly Run[]} */
const RIGHT = [
  {
    name: 'two clients, any names, a loss, a death',
    defines: { CLIENTS: 2, LOSSES: 1, DEATHS: 1 },
    law: 'holders',
  },
  {
    name: 'two clients, nobody waits for ever',
    defines: { CLIENTS: 2, LOSSES: 1, DEATHS: 1, PATIENT: 1 },
    law: 'served',
  },
  {
    name: 'three clients, names 1, 2 and both',
    defines: { CLIENTS: 3, WISHES: 0, RENEWS: 0, LOSSES: 0, DEATHS: 0 },
    law: 'holders',
  },
  {
    name: 'three clients, nobody waits for ever, a death',
    defines: { CLIENTS: 3, WISHES: 0, RENEWS: 0, LOSSES: 0, DEATHS: 1, PATIENT: 1 },
    law: 'served',
  },
];

/** Minutes and many gigabytes each. @type {readonly Run[]} */
const DEEP = [
  {
    name: 'three clients, a loss',
    defines: { CLIENTS: 3, WISHES: 0, RENEWS: 0, LOSSES: 1, DEATHS: 0 },
    law: 'holders',
  },
  {
    name: 'three clients, a death',
    defines: { CLIENTS: 3, WISHES: 0, RENEWS: 0, LOSSES: 0, DEATHS: 1 },
    law: 'holders',
  },
  {
    name: 'three clients, nobody waits for ever, a loss',
    defines: { CLIENTS: 3, WISHES: 0, RENEWS: 0, LOSSES: 1, DEATHS: 0, PATIENT: 1 },
    law: 'served',
  },
];

/** Each must be found out, or the laws say nothing. @type {readonly Run[]} */
const WRONG = [
  { name: 'a server that lets a later request pass', defines: { WRONG: 1 }, law: 'holders', isWrong: true },
  { name: 'a server without tombstones', defines: { WRONG: 2 }, law: 'holders', isWrong: true },
  {
    name: 'a server that revives a lease that was over',
    defines: { WRONG: 3 },
    law: 'holders',
    isWrong: true,
  },
  {
    name: 'a client that counts its lease from the answer',
    defines: { WRONG: 4 },
    law: 'holders',
    isWrong: true,
  },
  {
    name: 'a server that waits for ever for an acknowledgement',
    defines: { WRONG: 5, PATIENT: 1, REQUESTS: 2 },
    law: 'served',
    isWrong: true,
  },
  {
    name: 'a client that releases where it should withdraw',
    defines: { WRONG: 6 },
    law: 'holders',
    isWrong: true,
  },
];

const runs = [...WRONG.map(inSmall), ...RIGHT, ...(process.argv.includes('--deep') ? DEEP : [])];
const failed = runs.filter((run) => !isAsExpected(run));
console.log(failed.length === 0 ? 'all as expected' : `${failed.length} not as expected`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** @param {Run} run */
function inSmall(run) {
  return { ...run, defines: { CLIENTS: 2, LOSSES: 1, DEATHS: 1, ...run.defines } };
}

/** @param {Run} run */
function isAsExpected({ name, defines, law, isWrong = false }) {
  const folder = mkdtempSync(join(tmpdir(), 'formal-'));
  try {
    copyFileSync(MODEL, join(folder, 'request.pml'));
    const options = Object.entries({ REQUESTS: 1, ...defines }).map(([key, value]) => `-D${key}=${value}`);
    execFileSync('spin', [...options, '-a', 'request.pml'], { cwd: folder, stdio: 'pipe' });
    execFileSync(
      'cc',
      ['-O2', '-w', '-DCOLLAPSE', '-DNFAIR=4', `-DMEMLIM=${MEMORY_MB}`, '-o', 'pan', 'pan.c'],
      {
        cwd: folder,
      },
    );
    const fairness = law === 'served' ? ['-a', '-f'] : [];
    const { stdout } = spawnSync('./pan', ['-m4000000', ...fairness, '-N', law], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const isComplete = !/max search depth too small|out of memory|memory limit/i.test(stdout);
    const isBroken = /assertion violated|acceptance cycle \(/.test(stdout);
    const isRight = isWrong ? isBroken : isComplete && /errors: 0/.test(stdout);
    const [, states = '?'] = /^\s*([\d.e+]+) states, stored/m.exec(stdout) ?? [];
    const [, seconds = '?'] = /elapsed time ([\d.e+]+) seconds/.exec(stdout) ?? [];
    const found = isBroken ? 'broken' : isComplete ? 'holds' : 'not finished';
    console.log(`${isRight ? 'ok ' : 'NOT'} ${law} ${found}: ${name} (${states} states, ${seconds} s)`);
    return isRight;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
