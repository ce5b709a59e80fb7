import { Option } from 'commander';
import type { CliCommand } from '../cli-command.js';
import { connectionOptions, type ConnectionValues } from '../connection-options.js';
import { ExitStatus, okStatus, serverStatuses } from '../exit-status.js';
import { table } from '../table.js';
import { milliseconds, wholeNumber } from '../time-option.js';
import { UsageError } from '../usage-error.js';

interface BenchOptions extends ConnectionValues {
  readonly tasks: number;
  readonly duration: number;
}

const DEFAULT_TASKS = 16;
const MOST_TASKS = 1_000;
const DEFAULT_DURATION_MS = 2_000;
const LEAST_DURATION_MS = 100;
const HEADING = ['WORKLOAD', 'ROUNDS', 'A SECOND', 'P50 MS', 'P99 MS', 'WORST MS'];

/** `thingsdb-lock bench`: what a lock costs on the server given. */
export const bench: CliCommand<BenchOptions> = {
  name: 'bench',
  arguments: [],
  summary: 'measures what a lock costs on this server',
  description:
    'Measures what a lock costs on the server given, from this machine: one task alone on a free lock, many tasks on ' +
    'locks of their own, and many that take turns on one. The locks have names that nobody else has; the load is real.',
  options: [
    new Option('--tasks <n>', 'how many at once, where there are many')
      .argParser(wholeNumber(1, MOST_TASKS))
      .default(DEFAULT_TASKS),
    new Option('--duration <time>', 'how long each workload runs')
      .argParser(milliseconds)
      .default(DEFAULT_DURATION_MS, '2s'),
    ...connectionOptions(),
  ],
  statuses: [okStatus('it is measured'), ...serverStatuses],

  async act({ options, connection, output }) {
    const { tasks, duration } = options;
    if (duration < LEAST_DURATION_MS) throw new UsageError('--duration is 100ms at least');
    const { measured } = await import('../benching/workloads.js');
    const measurements = await measured(connection(), { tasks, durationMs: duration }, (workload) =>
      output.status(`measuring: ${workload}`),
    );
    output.endStatus();
    const records = measurements.map((one) => ({ type: 'measurement', ...one }));
    const rows = measurements.map(({ workload, rounds, perSecond, p50Ms, p99Ms, worstMs }) => [
      workload,
      ...[rounds, Math.round(perSecond)].map(String),
      ...[p50Ms, p99Ms, worstMs].map((ms) => ms.toFixed(2)),
    ]);
    output.results(records, table(output.palette, HEADING, rows));
    return ExitStatus.ok;
  },
};
