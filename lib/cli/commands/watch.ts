import { Argument, Option } from 'commander';
import type { LockManager } from '../../index.js';
import type { Call, CliCommand } from '../cli-command.js';
import { connectionOptions, type ConnectionValues } from '../connection-options.js';
import { ExitStatus, okStatus, serverStatuses } from '../exit-status.js';
import { endedBySignal } from '../running/ending-signals.js';
import { milliseconds } from '../time-option.js';
import { UsageError } from '../usage-error.js';

interface WatchOptions extends ConnectionValues {
  readonly interval: number;
}

const DEFAULT_INTERVAL_MS = 2_000;
const LEAST_INTERVAL_MS = 100;

/** `thingsdb-lock watch [NAME...]`: tells what happens, until it is ended. */
export const watch: CliCommand<WatchOptions> = {
  name: 'watch',
  arguments: [new Argument('[names...]', 'of locks; all of them if none is given')],
  summary: 'tells live what happens to locks',
  description:
    'Tells what happens to the locks that are named, as it happens, until it is ended. Without a name it asks for all ' +
    'locks once in an --interval, and tells what is different: leases that begin and end in between are not seen.',
  options: [
    new Option('--interval <time>', 'how often it asks when no name is given')
      .argParser(milliseconds)
      .default(DEFAULT_INTERVAL_MS, '2s'),
    ...connectionOptions(),
  ],
  statuses: [okStatus('a signal has ended it'), ...serverStatuses],

  async act(call) {
    const { interval } = call.options;
    if (interval < LEAST_INTERVAL_MS) throw new UsageError('--interval is 100ms at least');
    const ended = endedBySignal();
    try {
      await (call.operands.length > 0 ? watchNames(call, ended.signal) : watchAll(call, ended.signal));
    } finally {
      ended.ignore();
    }
    return ExitStatus.ok;
  },
};

async function watchNames(call: Call<WatchOptions>, ended: Promise<unknown>): Promise<void> {
  const { NameWatch } = await import('../operating/name-watch.js');
  await withManager(call, (manager) => new NameWatch(manager, call.output).until(call.operands, ended));
}

async function watchAll(call: Call<WatchOptions>, ended: Promise<unknown>): Promise<void> {
  const { PAGE_SIZE } = await import('../operating/every-page.js');
  const { PolledWatch } = await import('../operating/polled-watch.js');
  await withManager(call, (manager) => {
    const watch = new PolledWatch((after) => manager.query({ after, limit: PAGE_SIZE }), call.output);
    return watch.until(ended, call.options.interval);
  });
}

/** A manager connects again by itself. It would also set the locks up where there are none: that is looked at before. */
async function withManager(
  { connection }: Call<WatchOptions>,
  use: (manager: LockManager) => Promise<void>,
): Promise<void> {
  const { asOperator } = await import('../operating/operator.js');
  const { LockManager } = await import('../../index.js');
  const settings = connection();
  await asOperator(settings, () => Promise.resolve());
  const manager = new LockManager(settings);
  try {
    await use(manager);
  } finally {
    await manager.close();
  }
}
