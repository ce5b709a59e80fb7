import { Argument } from 'commander';
import type { CliCommand } from '../cli-command.js';
import { connectionOptions, type ConnectionValues } from '../connection-options.js';
import { ExitStatus, okStatus, serverStatuses } from '../exit-status.js';
import { endedBySignal } from '../running/ending-signals.js';

/** `thingsdb-lock watch [NAME...]`: tells what happens, until it is ended. */
export const watch: CliCommand<ConnectionValues> = {
  name: 'watch',
  arguments: [new Argument('[names...]', 'of locks; all of them if none is given')],
  summary: 'tells live what happens to locks',
  description:
    'Tells what happens to the locks that are named, or to all of them, as it happens, until it is ended: who waits, ' +
    'gets a lock, releases it or loses it.',
  options: connectionOptions(),
  statuses: [okStatus('a signal has ended it'), ...serverStatuses],

  async act(call) {
    const { NameWatch } = await import('../operating/name-watch.js');
    const { withManager } = await import('../operating/with-manager.js');
    const ended = endedBySignal();
    try {
      await withManager(call.connection(), (manager) =>
        new NameWatch(manager, call.output).until(call.operands, ended.signal),
      );
    } finally {
      ended.ignore();
    }
    return ExitStatus.ok;
  },
};
