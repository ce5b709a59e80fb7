import { Argument } from 'commander';
import type { CliCommand } from '../cli-command.js';
import { connectionOptions, type ConnectionValues } from '../connection-options.js';
import { ExitStatus, noStatus, okStatus, serverStatuses } from '../exit-status.js';
import { quoted } from '../printable.js';

/** `thingsdb-lock ask NAME`: asks those who hold a lock to release it. */
export const ask: CliCommand<ConnectionValues> = {
  name: 'ask',
  arguments: [new Argument('<name>', 'of the lock')],
  instead: 'It is of one lock: call it for each.',
  summary: 'asks those who hold a lock to release it',
  description:
    'Asks those who hold a lock to release it: an event `releaseRequested` at each of them. What they do is theirs; ' +
    'programs in Python cannot be asked.',
  options: connectionOptions(),
  statuses: [okStatus('somebody was asked'), noStatus('there is nobody to ask'), ...serverStatuses],

  async act({ operands: [name = ''], connection, output }) {
    const { asOperator } = await import('../operating/operator.js');
    const { checkedName } = await import('../../options/names.js');
    const count = await asOperator(connection(), ({ procedures }) =>
      procedures.requestRelease(checkedName(name)),
    );
    const asked = count === 1 ? 'one holder was asked' : `${count} holders were asked`;
    const text =
      count === 0 ? `nobody who could be asked holds ${quoted(name)}` : `${asked} to release ${quoted(name)}`;
    output.result({ type: 'asked', name, count }, text);
    return count > 0 ? ExitStatus.ok : ExitStatus.no;
  },
};
