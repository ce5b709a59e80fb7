/** `npm run bench` as a whole, on the embedded server: real processes, a server, and a result that can be read. */
import type { Result } from '../../bench/result.js';
import { runNode } from '../support/run-node.js';

/** From its sources: what is tested elsewhere must not depend on when it was built. */
const ARGS = [
  '--systems',
  'ours-embedded,ours-ws',
  '--rounds',
  '2',
  '--duration',
  '100',
  '--processes',
  '3',
  '--sources',
];

/** Nine processes are started, on a machine that may be busy. */
const LIMIT_MS = 120_000;

describe('npm run bench', () => {
  let result: Result;
  beforeAll(async () => {
    const nowhere = { THINGSDB_URL: undefined, THINGSDB_WS_URL: undefined, THINGSDB_BIN: undefined };
    const args = ['--import', 'tsx', 'bench/main.ts', 'w1', 'w3', ...ARGS, '--json'];
    const { status, output } = await runNode(args, nowhere, LIMIT_MS);
    if (status !== 0) throw new Error(output);
    result = JSON.parse(output.split('\n')[0] ?? '') as Result;
  }, LIMIT_MS);

  const figures = (workload: string): Readonly<Record<string, { median: number; count: number }>> =>
    result.workloads.find(({ id }) => id === workload)?.systems.find(({ id }) => id === 'ours-embedded')
      ?.summaries ?? {};

  it('measures a free name: what it takes, its requests and changes, and bare changes beside it', () => {
    const { pairsPerSecond, p50Us, bareP50Us, ratio, requests, changes, clientUs } = figures('w1');
    expect(pairsPerSecond).toMatchObject({ count: 2 });
    for (const figure of [pairsPerSecond, p50Us, bareP50Us, ratio, clientUs])
      expect(figure?.median).toBeGreaterThan(0);
    // Nothing but the acquire and the release of each pair.
    expect(requests?.median).toBeCloseTo(2, 1);
    expect(changes?.median).toBeCloseTo(2, 1);
  });

  it('measures processes that contend, and finds no two that hold at once', () => {
    const { handOversPerSecond, overlaps, jain, pushes } = figures('w3');
    expect(handOversPerSecond?.median).toBeGreaterThan(0);
    expect(overlaps?.median).toBe(0);
    expect(jain?.median).toBeGreaterThan(1 / 3);
    expect(pushes?.median).toBeGreaterThan(0.5);
  });

  it('reports the server that it does not have', () => {
    for (const { systems } of result.workloads) {
      expect(systems.find(({ id }) => id === 'ours-ws')?.unavailable).toMatch(/^THINGSDB_URL .* name one$/);
    }
  });
});
