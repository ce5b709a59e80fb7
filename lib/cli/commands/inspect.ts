import { Argument } from 'commander';
import type { CliCommand } from '../cli-command.js';
import { connectionOptions, type ConnectionValues } from '../connection-options.js';
import { ago, elapsed } from '../elapsed.js';
import { ExitStatus, noStatus, okStatus, serverStatuses } from '../exit-status.js';
import { lockRecord, type HolderRecord, type LockRecord } from '../lock-record.js';
import type { Output } from '../output.js';
import { quoted } from '../printable.js';
import { table } from '../table.js';

const HELD = ['HELD BY', 'MODE', 'SINCE', 'LEASE LEFT', 'FENCING TOKEN'];
const WAITING = ['AHEAD', 'WAITING', 'MODE', 'SINCE'];

/** `thingsdb-lock inspect NAME`: who holds a lock, and the queue behind them. */
export const inspect: CliCommand<ConnectionValues> = {
  name: 'inspect',
  arguments: [new Argument('<name>', 'of the lock')],
  instead: 'It is of one lock: call it for each.',
  summary: 'shows who holds a lock, since when, and who waits for it',
  description:
    'Shows who holds a lock, since when, how long the lease lasts unless it is renewed, and the queue.',
  options: connectionOptions(),
  statuses: [okStatus('somebody holds it'), noStatus('nobody holds it'), ...serverStatuses],

  async act({ operands: [name = ''], connection, output }) {
    const { asOperator } = await import('../operating/operator.js');
    const { nameInfo } = await import('../operating/name-info.js');
    const record = lockRecord(
      name,
      await asOperator(connection(), ({ procedures }) => nameInfo(procedures, name)),
    );
    output.result(record, textOf(record, output));
    return record.held.length > 0 ? ExitStatus.ok : ExitStatus.no;
  },
};

function textOf({ name, held, waiting }: LockRecord, { palette }: Output): string {
  const now = new Date();
  const since = (text: string): string => ago(new Date(text), now);
  const holders = held.map((one) => [
    one.owner,
    `${modeOf(one)}${one.lingers ? ', lingers' : ''}`,
    since(one.since),
    elapsed(one.remainingMs),
    String(one.fencingToken),
  ]);
  const waiters = waiting.map((one) => [String(one.ahead), one.owner, modeOf(one), since(one.since)]);
  const state = held.length > 0 ? palette.yellow('held') : palette.green('free');
  const parts = [`${palette.bold(quoted(name))}: ${state}, ${waiting.length} waiting`];
  if (holders.length > 0) parts.push(table(palette, HELD, holders));
  if (waiters.length > 0) parts.push(table(palette, WAITING, waiters));
  return parts.join('\n\n');
}

function modeOf({ mode, count, permits }: Pick<HolderRecord, 'mode' | 'count' | 'permits'>): string {
  return mode === 'semaphore' ? `${count} of ${permits} permits` : mode;
}
