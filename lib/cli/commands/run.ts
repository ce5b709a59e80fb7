import { hostname } from 'node:os';
import { Argument } from 'commander';
import { settledWithin } from '../../async/within.js';
import type { DistributedLock, LockManager } from '../../index.js';
import type { Call, CliCommand } from '../cli-command.js';
import { connectionOptions } from '../connection-options.js';
import { runStatuses } from '../exit-status.js';
import { Holding } from '../running/holding.js';
import { Interruption } from '../running/interruption.js';
import { checkArguments, namesOf, runOptions, type RunOptions } from '../running/run-arguments.js';
import { together } from '../usage-error.js';

/** How long giving back may take at the end, when everything has been said. */
const LEAVE_MS = 1_000;

/** `thingsdb-lock run`: runs a command while holding a lock, or holds it until it is ended. */
export const run: CliCommand<RunOptions> = {
  name: 'run',
  arguments: [new Argument('[names...]', 'what is locked; several are locked together, all or none')],
  usage: 'NAME... [options] -- COMMAND [ARGUMENT...]',
  summary: 'runs a command while holding a lock, as flock(1) does',
  description:
    'Waits for the lock, runs COMMAND while holding it, gives it back, and exits as COMMAND did. Without `-- COMMAND` ' +
    'it holds the lock until it is ended, and prints one line once it does.\n' +
    'A TIME is such as 250ms, 30s, 5m, 2h, 1d. COMMAND finds the fencing token in THINGSDB_LOCK_TOKEN, the name in ' +
    'THINGSDB_LOCK_NAME, and the tokens of all names, as JSON, in THINGSDB_LOCK_TOKENS.\n' +
    'Credentials come from THINGSDB_USER and THINGSDB_PASSWORD, or THINGSDB_TOKEN, or a file: --config.',
  options: [...runOptions, ...connectionOptions()],
  statuses: runStatuses,

  async act(call) {
    const [, settings] = together(() => checkArguments(call), call.connection);
    const { LockManager } = await import('../../index.js');
    const owner = call.options.owner ?? `${hostname()}:${process.pid}`;
    const manager = new LockManager({ ...settings, owner });
    const lock = lockFrom(manager, call);
    // From here on to the end a signal must not end this process before the lock is given back.
    const interruption = new Interruption();
    try {
      return await new Holding({ manager, lock, owner, interruption, call }).status();
    } finally {
      const isClosed = await settledWithin(manager.close(), LEAVE_MS);
      interruption.stopListening();
      // What the server has not confirmed by now it does by itself, within the ttl.
      if (!isClosed) setImmediate(() => process.exit());
    }
  },
};

/** @throws LockOptionsError */
function lockFrom(manager: LockManager, call: Call<RunOptions>): DistributedLock {
  const { ttl, minHold, permits, shared, wait, waitTimeout } = call.options;
  const names = namesOf(call);
  const terms = { ttl, minHold, waitTimeout: wait ? (waitTimeout ?? Infinity) : 0 };
  if (permits !== undefined) return manager.semaphore(names[0] ?? '', { ...terms, permits });
  return manager.get(names, { ...terms, mode: shared ? 'shared' : 'exclusive' });
}
