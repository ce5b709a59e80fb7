import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isHarmless, type BurstResult } from '../chaos/burst-run.js';
import type { Figures } from '../chaos/figures.js';
import { RULES } from '../chaos/violation.js';
import { Program } from '../support/program.js';

const CHAOS = 'spec/chaos/main.ts';
const LIMIT_MS = 150_000;
/**
 * In fourteen seconds this seed orders every kind of fault that a single node can have. Those that stop the service
 * come in the second half. Before them the order of the queue can be compared.
 */
const SEED = '106561';

describe('under faults, with the embedded server', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chaos-spec-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it(
    'every guarantee holds',
    async () => {
      const args = ['--seed', SEED, '--minutes', '0.234', '--processes', '6', '--json'];
      await using program = new Program(CHAOS, args, { TMPDIR: directory });
      // What shows a broken rule is on stderr: it is to be in this test's report.
      expect({ end: await program.ended, errors: program.errors }).toEqual({ end: 0, errors: '' });
      const figures = JSON.parse(program.output) as Figures & { seed: number };
      expect(figures.seed).toBe(Number(SEED));
      expect(Object.keys(figures.violations)).toEqual(Object.keys(RULES));
      expect(Object.values(figures.violations).filter((times) => times > 0)).toEqual([]);
      expect(figures.grants).toBeGreaterThan(100);
      expect(Object.keys(figures.granted)).toEqual(
        expect.arrayContaining([
          ...['lock', 'lock, stolen', 'lock, with minHold', 'lock of several names'],
          ...['shared lock', 'permits'],
        ]),
      );
      expect(figures.pairsInOrder).toBeGreaterThan(20);
      expect(figures.adopted).toBeGreaterThan(5);
      expect(figures.watches).toBeGreaterThan(5);
      const injected = figures.faults.map(({ kind }) => kind);
      // Whoever holds or waits can be missing when its turn comes; the service is always there.
      expect(injected).toEqual(
        expect.arrayContaining(['restart-with-loss', 'restart', 'freeze-server', 'cut']),
      );
      expect(injected.length).toBeGreaterThan(9);
      // Nothing is left of what the processes noted.
      expect(readdirSync(directory).filter((name) => name.startsWith('thingsdb-lock-chaos'))).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'several runs, each with the next seed and a server of its own, are summed up',
    async () => {
      const size = ['--minutes', '0.03', '--processes', '2', '--names', '2', '--every', '200'];
      const args = ['--clusters', '2', '--seed', '3', '--uses', 'locks', ...size, '--json'];
      await using program = new Program(CHAOS, args, { TMPDIR: directory });
      expect({ end: await program.ended, errors: program.errors }).toEqual({ end: 0, errors: '' });
      const figures = JSON.parse(program.output) as Figures;
      expect(figures).toMatchObject({ runs: 2, runsOfDifferingNodes: 0 });
      // Two of each run, and those in the place of the killed.
      expect(figures.processes).toBeGreaterThanOrEqual(4);
      expect(figures.grants).toBeGreaterThan(10);
    },
    LIMIT_MS,
  );

  it(
    'clients that are killed all at once leave their locks to others, and the server well',
    async () => {
      const args = ['--burst', '8', '--left', '4', '--per-process', '4', '--window', '1', '--json'];
      await using program = new Program(CHAOS, args, { TMPDIR: directory });
      const end = await program.ended;
      expect(program.errors).toBe('');
      const result = JSON.parse(program.output) as BurstResult;
      expect(result).toMatchObject({ killed: 8, processes: 2, left: 4, failuresAfter: 0 });
      expect(result.nodes.map(({ isWell }) => isWell)).toEqual([true]);
      expect(result.perSecondOfAll).toBeGreaterThan(result.perSecondBeside);
      expect(result.seconds).toHaveLength(6);
      expect(result.seconds.reduce((sum, rate) => sum + rate)).toBeGreaterThan(0);
      // A ttl, and three who waited.
      expect(result.lastHadMs).toBeLessThan(2_000 + 3 * 2_000);
      // What they do a second depends on what else this machine does.
      expect(end).toBe(isHarmless(result) ? 0 : 1);
    },
    LIMIT_MS,
  );
});
