import type { CliCommand } from '../cli-command.js';
import { connectionOptions, type ConnectionValues } from '../connection-options.js';
import { elapsed } from '../elapsed.js';
import { ExitStatus, okStatus, serverStatuses } from '../exit-status.js';
import { lockRecords, type HolderRecord, type LockRecord } from '../lock-record.js';
import type { Output } from '../output.js';
import { table } from '../table.js';

const HEADING = ['NAME', 'HELD BY', 'MODE', 'SINCE', 'LEASE LEFT', 'WAITING'];

/** `thingsdb-lock ls`: every name that somebody holds or waits for. */
export const ls: CliCommand<ConnectionValues> = {
  name: 'ls',
  arguments: [],
  instead: 'One lock is shown by thingsdb-lock inspect NAME.',
  summary: 'lists who holds which locks, and how many wait',
  description: 'Lists every name that somebody holds or waits for, in the order of the names.',
  options: connectionOptions(),
  statuses: [okStatus('they are listed, if there are any'), ...serverStatuses],

  async act({ connection, output }) {
    const { asOperator } = await import('../operating/operator.js');
    const { everyPage } = await import('../operating/every-page.js');
    const { pageOf } = await import('../operating/name-info.js');
    await asOperator(connection(), async ({ procedures }) => {
      const records: LockRecord[] = [];
      for await (const page of everyPage(pageOf(procedures))) {
        // A page at a time where a program reads it: there may be very many.
        if (output.isJson) output.results(lockRecords(page), '');
        else records.push(...lockRecords(page));
      }
      if (!output.isJson) output.results([], textOf(records, output));
    });
    return ExitStatus.ok;
  },
};

function textOf(records: readonly LockRecord[], { palette }: Output): string {
  if (records.length === 0) return 'no locks are held, and nobody waits';
  const now = Date.now();
  return table(
    palette,
    HEADING,
    records.map((record) => row(record, now)),
  );
}

function row({ name, held, waiting }: LockRecord, now: number): string[] {
  const [first] = held;
  const waits = waiting.length === 0 ? '' : String(waiting.length);
  if (first === undefined) return [name, '', '', '', '', waits];
  const since = Math.min(...held.map((one) => Date.parse(one.since)));
  const left = Math.min(...held.map((one) => one.remainingMs));
  return [name, ownersOf(held), modeOf(held, first), `${elapsed(now - since)} ago`, elapsed(left), waits];
}

function ownersOf(held: readonly HolderRecord[]): string {
  const [first] = held;
  const more = held.length - 1;
  return `${first?.owner ?? ''}${more === 0 ? '' : ` and ${more} more`}`;
}

function modeOf(held: readonly HolderRecord[], { mode, permits }: HolderRecord): string {
  const lingers = held.some((one) => one.lingers) ? ', lingers' : '';
  if (mode !== 'semaphore') return mode + lingers;
  return `${held.reduce((sum, { count }) => sum + count, 0)} of ${permits} permits${lingers}`;
}
