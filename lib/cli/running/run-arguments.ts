import { Option } from 'commander';
import type { Call } from '../cli-command.js';
import type { ConnectionValues } from '../connection-options.js';
import { ExitStatus, MAX_STATUS } from '../exit-status.js';
import { RepeatableOption } from '../repeatable-option.js';
import { milliseconds, time, wholeNumber } from '../time-option.js';
import { throwAny } from '../usage-error.js';

export interface RunOptions extends ConnectionValues {
  readonly name?: readonly string[];
  readonly ttl?: string;
  readonly waitTimeout?: string;
  /** `false` after `--no-wait`. */
  readonly wait: boolean;
  readonly conflictExitCode?: number;
  readonly shared?: boolean;
  readonly permits?: number;
  readonly count?: number;
  readonly owner?: string;
  readonly minHold?: string;
  readonly killAfter: number;
  readonly passCredentials?: boolean;
}

const DEFAULT_KILL_AFTER_MS = 10_000;
const MOST_PERMITS = 2 ** 31 - 2;

const permits = wholeNumber(1, MOST_PERMITS);

/** The options of `run` itself. */
export const runOptions: readonly Option[] = [
  new RepeatableOption(
    '--name <name>',
    'one more name where no command follows, or one that begins with -; may be given again',
  ),
  new Option('-s, --shared', 'together with others that are shared too: a lock for readers'),
  new Option('--permits <n>', 'a semaphore: so many permits there are').argParser(permits),
  new Option('--count <m>', 'how many of them to take (default: 1)').argParser(permits),
  new Option('-n, --no-wait', 'do not wait at all'),
  new Option(
    '-w, --wait-timeout <time>',
    'the longest to wait for the lock, and for a server that is not there yet (default: for the lock as long as it ' +
      'takes, for the server not at all)',
  ).argParser(time),
  new Option(
    '-E, --conflict-exit-code <status>',
    'what to exit with when the lock was not had in time (default: 75)',
  ).argParser(wholeNumber(0, MAX_STATUS)),
  new Option('--ttl <time>', 'how long the lock outlives a crash of this machine (default: 60s)').argParser(
    time,
  ),
  new Option(
    '--min-hold <time>',
    'keeps the lock taken for so long at least, for jobs that several machines start',
  ).argParser(time),
  new Option('--owner <label>', 'who holds it, for people (default: host name and process id)'),
  new Option('--kill-after <time>', 'when the lock is lost: from SIGTERM to SIGKILL')
    .argParser(milliseconds)
    .default(DEFAULT_KILL_AFTER_MS, '10s'),
  new Option('--pass-credentials', 'the command inherits THINGSDB_PASSWORD and THINGSDB_TOKEN'),
];

/** What is locked. */
export function namesOf({ operands, options: { name = [] } }: Call<RunOptions>): readonly string[] {
  return [...operands, ...name];
}

/** @throws UsageError for what commander cannot know of: all of it at once */
export function checkArguments(call: Call<RunOptions>): void {
  const { options, behindDashes } = call;
  const { count, permits, shared, wait, waitTimeout } = options;
  const names = namesOf(call);
  const isForgotten = behindDashes === undefined && call.operands.length > 1;
  const problems: readonly (readonly [isWrong: boolean, problem: string])[] = [
    [names.length === 0, 'the name of the lock is missing'],
    [isForgotten, forgottenDashes(call.operands)],
    [behindDashes?.length === 0, 'the command is missing: it comes after --'],
    [!wait && waitTimeout !== undefined, '--no-wait and --wait-timeout exclude each other'],
    [shared === true && permits !== undefined, '--shared and --permits exclude each other'],
    [
      count !== undefined && permits === undefined,
      '--count is of the permits of a semaphore: give --permits too',
    ],
    [(count ?? 0) > (permits ?? MOST_PERMITS), `--count ${count} is more than there are permits`],
    [
      permits !== undefined && names.length > 1 && !isForgotten,
      'a semaphore has one name: --permits is not for several',
    ],
  ];
  throwAny(problems.filter(([isWrong]) => isWrong).map(([, problem]) => problem));
}

/**
 * flock(1) and etcdctl take a command without `--`. Here more words were more names, and what was to be run would be held,
 * in silence and for ever.
 */
function forgottenDashes([name = '', ...others]: readonly string[]): string {
  const command = others.map(asWord).join(' ');
  return (
    `the command comes after --, as in thingsdb-lock run ${asWord(name)} -- ${command} ` +
    '(a further name, where nothing is run, is given by --name)'
  );
}

/** As a shell takes it. */
function asWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Whether it is the lock that was not had, whatever status was asked for then. */
export function statusFor(status: number, { conflictExitCode }: RunOptions): number {
  return status === ExitStatus.notAcquired ? (conflictExitCode ?? status) : status;
}
