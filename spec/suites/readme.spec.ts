/** What README shows is run here as it stands; the page itself is checked by `scripts/embed-examples.mjs --check`. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convert, endGracefully, lead, nightly } from '../../examples/recipes.js';
import { withLocks } from '../../examples/testing/with-locks.js';
import { LockLostError } from '../../lib/index.js';
import { startThingsDB } from '../../lib/testing/index.js';
import { aborted } from '../support/aborted.js';
import { onEachBackEnd } from '../support/back-end.js';
import { Program } from '../support/program.js';
import { REPOSITORY } from '../support/run-node.js';
import { nextEvent, rejection, until } from '../support/until.js';

const LIMIT_MS = 60_000;

describe('README', () => {
  const page = readFileSync(join(REPOSITORY, 'README.md'), 'utf8');

  it('is read in a few minutes: at most 150 lines', () => {
    expect(page.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });

  it(
    'the quick start, pasted into an empty folder: of two terminals the second waits',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'quick-start-'));
      await using db = await startThingsDB();
      const [, pasted = ''] =
        /<!-- example: examples\/quick-start.mjs -->\n\n```js\n([^]*?)```/.exec(page) ?? [];
      expect(pasted).toContain('thingsdb://127.0.0.1:9200');
      // The package by its name, and a port that is surely free.
      const own = { TSX_TSCONFIG_PATH: join(REPOSITORY, 'spec/support/tsconfig.by-name.json') };
      const file = join(folder, 'quick-start.mjs');
      writeFileSync(file, pasted.replace('9200', `${db.tcpPort}`).replace('5_000', '300'));
      copyFileSync(file, join(folder, 'second.mjs'));
      await using one = new Program(file, [], own);
      await one.printed(/I have the lock/);
      await using two = new Program(join(folder, 'second.mjs'), [], own);
      expect([await one.ended, await two.ended]).toEqual([0, 0]);
      const tokens = [one, two].map(({ lines }) =>
        Number(/^I have .* token (\d+)$/.exec(lines[0] ?? '')?.[1]),
      );
      expect(tokens[1]).toBeGreaterThan(tokens[0] ?? Infinity);
      expect([one, two].map(({ lines }) => lines[1])).toEqual(Array(2).fill('I have given it back'));
      rmSync(folder, { recursive: true });
    },
    LIMIT_MS,
  );

  it('a service is given locks on a ThingsDB of its own', async () => {
    let isHeld = false;
    await withLocks((locks) => locks.get('x').runExclusive((lease) => void (isHeld = lease.isHeld)));
    expect(isHeld).toBe(true);
  });
});

onEachBackEnd("README's recipes", (backEnd) => {
  it('a cron job on several machines runs once, also where a clock is late', async () => {
    let runs = 0;
    const work = (): Promise<void> => Promise.resolve(void runs++);
    const machines = [backEnd.manager(), backEnd.manager(), backEnd.manager()];
    await Promise.all(machines.slice(0, 2).map((machine) => nightly(machine, work)));
    await nightly(machines[2]!, work);
    expect(runs).toBe(1);
    await machines[2]!.forceRelease('nightly-report');
  });

  it('a leader ends when it loses its lease, or shuts down, and the next one leads', async () => {
    const managers = [backEnd.manager(), backEnd.manager(), backEnd.manager()] as const;
    const leaders: string[] = [];
    const leading = (name: string) => (signal: AbortSignal) => {
      leaders.push(name);
      return aborted(signal);
    };
    const acquired = nextEvent(managers[0], 'acquired');
    const first = rejection(lead(managers[0], leading('first')));
    await acquired;
    const [second, third] = managers.slice(1).map((manager) => nextEvent(manager, 'waiting'));
    const ended = lead(managers[1], leading('second'));
    await second;
    const last = rejection(lead(managers[2], leading('third')));
    await third;
    await managers[0].forceRelease('leader');
    expect(await first).toBeInstanceOf(LockLostError);
    await until(() => leaders.length === 2);
    expect(await managers[1].drain({ waitTimeout: '10m' })).toBe(true);
    await ended;
    await until(() => leaders.length === 3);
    expect(leaders).toEqual(['first', 'second', 'third']);
    await managers[2].forceRelease('leader');
    expect(await last).toBeInstanceOf(LockLostError);
  });

  it('a pool lets three work at a time', async () => {
    let working = 0;
    let most = 0;
    const locks = [backEnd.manager(), backEnd.manager()];
    const work = async (): Promise<void> => {
      most = Math.max(most, ++working);
      await new Promise((resolve) => setTimeout(resolve, 20));
      working--;
    };
    await Promise.all(Array.from({ length: 9 }, (_, i) => convert(locks[i % 2]!, work)));
    expect(most).toBe(3);
  });

  it('a shutdown waits for what runs, and leaves nothing behind', async () => {
    const locks = backEnd.manager();
    endGracefully(locks);
    let end: (() => void) | undefined;
    const running = locks.get('x').runExclusive(() => new Promise<void>((resolve) => (end = resolve)));
    await until(() => end !== undefined);
    process.emit('SIGTERM');
    expect(await rejection(locks.acquire('y'))).toMatchObject({ code: 'LOCK_CLOSED' });
    end?.();
    await running;
    expect(await backEnd.manager().isLocked('x')).toBe(false);
  });
});
