import { Argument, Option } from 'commander';
import type { CliCommand } from '../cli-command.js';
import { connectionOptions, type ConnectionValues } from '../connection-options.js';
import { ago } from '../elapsed.js';
import { ExitStatus, noStatus, okStatus, serverStatuses } from '../exit-status.js';
import type { LockSnapshot } from '../../lock-info.js';
import { printable, quoted } from '../printable.js';
import { UsageError } from '../usage-error.js';

interface ReleaseOptions extends ConnectionValues {
  readonly force?: boolean;
}

/** `thingsdb-lock release NAME`: takes a lock away from whoever holds it, after it has asked. */
export const release: CliCommand<ReleaseOptions> = {
  name: 'release',
  arguments: [new Argument('<name>', 'of the lock')],
  instead: 'It is of one lock: call it for each.',
  summary: 'takes a lock away from whoever holds it; asks first',
  description:
    'Ends every lease on a name, whoever holds it: the holders are told, and who is next gets the lock at once. A holder ' +
    'that goes on all the same is no longer alone: take a lock away when you know that its holder is not worth waiting ' +
    'for. It asks before it does so, unless you say --force.',
  options: [new Option('-f, --force', 'does not ask'), ...connectionOptions()],
  statuses: [
    okStatus('it was taken away from somebody'),
    noStatus('nobody held it, or the answer was no'),
    ...serverStatuses,
  ],

  async act({ operands: [name = ''], options, connection, output }) {
    if (options.force !== true && !process.stdin.isTTY) {
      throw new UsageError('nobody can be asked here, since the standard input is no terminal: give --force');
    }
    const { asOperator } = await import('../operating/operator.js');
    const { nameInfo } = await import('../operating/name-info.js');
    const { checkedName } = await import('../../options/names.js');
    const { randomId } = await import('../../manager/random-id.js');
    const count = await asOperator(connection(), async ({ procedures }) => {
      if (options.force !== true && !(await isWanted(name, await nameInfo(procedures, name))))
        return undefined;
      return procedures.forceRelease(checkedName(name), randomId());
    });
    if (count === undefined) return ExitStatus.no;
    const text =
      count === 0 ? `nobody holds ${quoted(name)}` : `${quoted(name)} was taken away from ${holders(count)}`;
    output.result({ type: 'released', name, count }, text);
    return count > 0 ? ExitStatus.ok : ExitStatus.no;
  },
};

/** Whether the person at the terminal says so; not asked when there is nothing to take away. */
async function isWanted(name: string, { held, pending }: LockSnapshot): Promise<boolean> {
  if (held.length === 0) return true;
  const { confirmed } = await import('../operating/confirmed.js');
  const now = new Date();
  const lines = held.map(({ owner, since }) => `  ${printable(owner)}, since ${ago(since, now)}`);
  const next = pending.length === 0 ? 'nobody waits for it' : `${printable(pending[0]?.owner ?? '')} is next`;
  return confirmed(`${quoted(name)} is held by\n${lines.join('\n')}\nand ${next}. Take it away? [y/N] `);
}

function holders(count: number): string {
  return count === 1 ? 'one holder' : `${count} holders`;
}
