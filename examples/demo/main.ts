/**
 * `npm run demo`: four processes contend for one lock over real connections. One of them is killed while it holds the
 * lock. What they noted is drawn and checked.
 *
 * Runs against a ThingsDB of its own (the embedded one), or the one that `THINGSDB_URL` names, with `THINGSDB_USER` and
 * `THINGSDB_PASSWORD`, or `THINGSDB_TOKEN`. With `-- --without-lock` the four do the same without the lock: the check
 * then has something to find.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkHistory, describeFault, summary, type Verdict } from './check-history.js';
import { ContenderProcess, type ContenderTask } from './contender-process.js';
import { HistoryWriter, readHistory, type HistoryRecord } from './history.js';
import { DevServer } from './server.js';
import { drawTimeline, originOf, takeBacks } from './timeline.js';

const NAMES = ['A', 'B', 'C', 'D'] as const;
const VICTIM = 'C';
const ROUNDS = 5;
const VICTIM_ROUNDS = 3;
/** Short, so that the others do not wait long for what a dead process held. */
const VICTIM_TTL_MS = 1_500;
const TTL_MS = 10_000;
const LIMIT_MS = 60_000;
const COLUMNS = 100;
const MOST_FAULTS = 5;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { 'without-lock': { type: 'boolean', default: false } } });
  const isLockUsed = !values['without-lock'];
  const directory = mkdtempSync(join(tmpdir(), 'thingsdb-lock-demo-'));
  const counterPath = join(directory, 'counter');
  writeFileSync(counterPath, '0');

  let isKept = false;
  try {
    await interruptibly((signal) => contend({ directory, counterPath, isLockUsed, signal }));
    const { faults } = judge(directory, counterPath);
    isKept = faults.length > 0;
    if (isKept) console.error(`What the processes noted is in ${directory}`);
    return isKept ? 1 : 0;
  } finally {
    if (!isKept) rmSync(directory, { recursive: true });
  }
}

/** Aborts the signal when this process is told to stop, or the time is over. */
async function interruptibly(action: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  const limit = setTimeout(abort, LIMIT_MS);
  process.once('SIGINT', abort).once('SIGTERM', abort);
  try {
    await action(stop.signal);
  } finally {
    clearTimeout(limit);
    process.off('SIGINT', abort).off('SIGTERM', abort);
  }
}

interface Contest {
  readonly directory: string;
  readonly counterPath: string;
  readonly isLockUsed: boolean;
  readonly signal: AbortSignal;
}

/** Starts what is needed, lets the processes run until all have ended, one of them by force, and leaves nothing. */
async function contend(contest: Contest): Promise<void> {
  const given = process.env['THINGSDB_URL'];
  const server =
    given === undefined && contest.isLockUsed ? await DevServer.start(contest.signal) : undefined;
  const url = server?.url ?? given;
  const where = `${server === undefined ? 'ThingsDB' : 'the embedded ThingsDB'} at ${url}`;
  console.log(
    `${NAMES.length} processes, 1 shared file, ${contest.isLockUsed ? `1 lock on ${where}` : 'no lock'}`,
  );
  const contenders = startContenders(contest, url);
  try {
    await Promise.all(contenders.map((contender) => contender.said('ready')));
    for (const contender of contenders) contender.start();
    const victim = contenders.find(({ name }) => contest.isLockUsed && name === VICTIM);
    await Promise.all([
      victim && killInItsLastHold(victim, contest.directory),
      ...contenders.filter((contender) => contender !== victim).map(finished),
    ]);
  } finally {
    for (const contender of contenders) contender.kill();
    await Promise.all(contenders.map(({ ended }) => ended));
    await server?.close();
  }
}

function startContenders(contest: Contest, url: string | undefined): ContenderProcess[] {
  const { directory, counterPath, isLockUsed, signal } = contest;
  const lockName = `demo ${randomUUID()}`;
  return NAMES.map((name) => {
    const isVictim = isLockUsed && name === VICTIM;
    const task: ContenderTask = {
      name,
      lockName,
      counterPath,
      historyPath: join(directory, `${name}.jsonl`),
      rounds: isVictim ? VICTIM_ROUNDS : ROUNDS,
      ttlMs: isVictim ? VICTIM_TTL_MS : TTL_MS,
      isVictim,
      isLockUsed,
    };
    return new ContenderProcess(task, url, signal);
  });
}

async function killInItsLastHold(victim: ContenderProcess, directory: string): Promise<void> {
  // Just renewed: this is the longest that a dead holder can keep the others waiting.
  await victim.said('extended');
  victim.kill();
  new HistoryWriter(join(directory, 'killed.jsonl'), victim.name).record({ event: 'killed' });
}

async function finished(contender: ContenderProcess): Promise<void> {
  const end = await contender.ended;
  if (end !== 0) throw new Error(`${contender.name} ended with ${end}`);
}

function judge(directory: string, counterPath: string): Verdict {
  const history = readHistory(directory);
  const final = Number(readFileSync(counterPath, 'utf8'));
  const verdict = checkHistory(history, { initial: 0, final });
  report(history, verdict, final);
  return verdict;
}

function report(history: readonly HistoryRecord[], verdict: Verdict, final: number): void {
  const { holds, faults } = verdict;
  const isColoured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  console.log(`\n${drawTimeline(history, holds, { columns: COLUMNS, isColoured })}\n`);
  const originMs = originOf(history);
  const at = (ms: number): string => `${((ms - originMs) / 1000).toFixed(3)} s`;
  for (const { from, to, killedMs, leaseEndMs, grantedMs } of takeBacks(history, holds)) {
    console.log(
      `${from} was killed at ${at(killedMs)} while it held the lock; its lease ran to ${at(leaseEndMs)};\n` +
        `${to} was granted it at ${at(grantedMs)}, ${Math.round(grantedMs - leaseEndMs)} ms later.`,
    );
  }
  const updates = history.filter(({ event }) => event === 'wrote').length;
  console.log(`${updates} updates were written, and the file holds ${final}.`);
  for (const fault of faults.slice(0, MOST_FAULTS)) console.log(describeFault(fault, originMs));
  if (faults.length > MOST_FAULTS) console.log(`and ${faults.length - MOST_FAULTS} more faults`);
  console.log(summary(verdict));
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
