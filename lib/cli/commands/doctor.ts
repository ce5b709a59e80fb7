import type { CliCommand } from '../cli-command.js';
import { connectionOptions, type ConnectionValues } from '../connection-options.js';
import type { Level } from '../doctor/finding.js';
import { ExitStatus, noStatus, okStatus, serverStatuses } from '../exit-status.js';

/** `thingsdb-lock doctor`: looks at everything that locks need, and says what to do about what is wrong. */
export const doctor: CliCommand<ConnectionValues> = {
  name: 'doctor',
  arguments: [],
  summary: 'looks at everything that locks need, and says what to do',
  description:
    'Looks at the connection, the transport, the credentials, the version, the nodes and their quorum, the schema, the ' +
    'rights of this user, the clocks, the tasks and the sweeper; then it locks ten times and hands a lock over, on a ' +
    'name of its own. It sets nothing up. Warnings leave the exit status as it is.',
  options: connectionOptions(),
  statuses: [okStatus('no problem was found'), noStatus('there is a problem'), ...serverStatuses],

  async act({ connection, output }) {
    const { Examination } = await import('../doctor/examination.js');
    const { findingRecord, findingText } = await import('../doctor/finding.js');
    const counts: Record<Level, number> = { ok: 0, warning: 0, problem: 0, skipped: 0 };
    const examination = new Examination(connection(), (finding) => {
      counts[finding.level]++;
      output.result(findingRecord(finding), findingText(finding, output));
    });
    const isReached = await examination.run();
    const { warning, problem, skipped } = counts;
    const text = `${plural(problem, 'problem')}, ${plural(warning, 'warning')}, ${skipped} skipped`;
    output.result({ type: 'diagnosis', ...counts }, text);
    if (!isReached) return ExitStatus.unavailable;
    return problem > 0 ? ExitStatus.no : ExitStatus.ok;
  },
};

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
