/** That the simulation can be trusted: it repeats itself, it is varied, and it finds whoever is wrong. */
import { installCodeOf, WRONG_SERVERS } from '../support/wrong-servers.js';
import { firstFound, runOf, traceOf } from './search.js';
import { WRONG_CLIENTS } from './wrong-clients.js';

const LIMIT_MS = 300_000;
/** Whoever is wrong is found in so many. */
const WRONG_SEEDS = 3_000;

test('the same seed gives the same run, to the step', () => {
  const [first, second] = [runOf(7), runOf(7)];
  expect(second.steps).toBe(first.steps);
  expect(second.records).toEqual(first.records);
  expect(first.run.grants.length).toBeGreaterThan(5);
});

test('a run can be read call by call', () => {
  const lines = traceOf(7);
  const times = lines.map((line) => Number(line.slice(0, 10)));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  for (const shown of [
    /server +lock_(batch|change)\(null, "p\d-inbox/,
    /server +pushes emit/,
    /p\d +granted/,
    /harness +state-left/,
  ])
    expect(lines.some((line) => shown.test(line))).toBe(true);
});

test('runs are as different as they should be: every kind of fault and of outcome happens', () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 60; seed++) {
    for (const record of runOf(seed).records) {
      if (record.event === 'fault-began') seen.add(record.kind);
      if (record.event === 'rejected') seen.add(record.code);
      if (record.event === 'signal-aborted') seen.add(record.reason);
      if (record.event === 'released') seen.add(`released ${String(record.result)}`);
    }
  }
  const wanted = [
    ...['cut', 'delay', 'silence', 'stop-holder', 'kill-holder', 'step-clock', 'freeze-server', 'restart'],
    ...['restart-with-loss', 'busy', 'LOCK_TIMEOUT', 'TimeoutError', 'expired', 'stolen', 'released true'],
    'released false',
  ];
  expect(wanted.filter((one) => !seen.has(one))).toEqual([]);
});

describe('it finds a server that', () => {
  test.each(WRONG_SERVERS)(
    '$does',
    (wrong) => {
      const code = installCodeOf(wrong);
      expect(firstFound(WRONG_SEEDS, { code, kind: wrong.shownBy })).toBeDefined();
    },
    LIMIT_MS,
  );
});

describe('it finds a client that', () => {
  test.each(WRONG_CLIENTS)(
    '$does',
    ({ put, shownBy }) => {
      const takeOut = put();
      try {
        expect(firstFound(WRONG_SEEDS, { kind: shownBy })).toBeDefined();
      } finally {
        takeOut();
      }
    },
    LIMIT_MS,
  );
});
