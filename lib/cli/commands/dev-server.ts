import { randomBytes } from 'node:crypto';
import { Option } from 'commander';
import type { CliCommand } from '../cli-command.js';
import { ExitStatus, okStatus, usageStatus } from '../exit-status.js';
import { listenFailure } from '../listen-failure.js';
import { endedBySignal } from '../running/ending-signals.js';
import { MAX_PORT, wholeNumber } from '../time-option.js';

interface DevServerOptions {
  readonly port?: number;
  readonly tcpPort?: number;
  readonly generatePassword?: boolean;
}

const DEFAULT_PORT = 9270;
const DEFAULT_TCP_PORT = 9200;
const ANY_PORT = 0;
const PASSWORD_BYTES = 18;

const port = wholeNumber(ANY_PORT, MAX_PORT);

/**
 * `thingsdb-lock dev-server`: serves the embedded ThingsDB until a signal ends it. Prints `listening on
 * thingsdb://127.0.0.1:N` and `listening on ws://127.0.0.1:N` once clients can connect. Before them it prints `user
 * admin, password ...` if the password is a generated one.
 */
export const devServer: CliCommand<DevServerOptions> = {
  name: 'dev-server',
  arguments: [],
  instead: 'Its ports are given by --tcp-port and --port.',
  summary: 'a ThingsDB for tests, demos and development; keeps nothing on disk',
  description:
    'Serves a ThingsDB for tests, demos and development until it is ended. It keeps nothing on disk.\n' +
    'User admin, password pass; only reachable from this machine, and not by web pages of other ones.',
  options: [
    new Option('--port <n>', 'the port of the WebSocket, 0 for any free one (default: 9270)').argParser(port),
    new Option(
      '--tcp-port <n>',
      'the port of TCP, 0 for any free one (default: 9200; any free one with --port 0 alone)',
    ).argParser(port),
    new Option('--generate-password', 'makes another password for admin, and prints it'),
  ],
  statuses: [
    okStatus('a signal has ended it'),
    usageStatus,
    { status: String(ExitStatus.unavailable), meaning: 'it cannot listen: a port is taken' },
  ],

  async act({ options, output }) {
    const { startThingsDB } = await import('../../testing/index.js');
    const password =
      options.generatePassword === true ? randomBytes(PASSWORD_BYTES).toString('base64url') : undefined;
    const ended = endedBySignal();
    let db;
    try {
      db = await startThingsDB({ ...portsFrom(options), ...(password !== undefined && { password }) });
    } catch (error) {
      ended.ignore();
      return listenFailure(error, output, `${cureOf(options)} takes free ports`);
    }
    if (password !== undefined) {
      output.result({ type: 'login', user: 'admin', password }, `user admin, password ${password}`);
    }
    for (const url of [db.url, db.wsUrl]) output.result({ type: 'listening', url }, `listening on ${url}`);
    output.hint(
      `for the other commands: export THINGSDB_URL=${db.url} THINGSDB_USER=admin THINGSDB_PASSWORD=${password ?? 'pass'}`,
    );
    await ended.signal;
    await db.close();
    return ExitStatus.ok;
  },
};

/** Whoever has a server at the usual port may want a second one, or may have forgotten the first. */
function cureOf({ port, tcpPort }: DevServerOptions): string {
  return port === undefined && tcpPort === undefined ? '--port 0' : '--port 0 --tcp-port 0';
}

function portsFrom({ port, tcpPort }: DevServerOptions): { port: number; tcpPort: number } {
  return {
    port: port ?? DEFAULT_PORT,
    // Whoever wants any free port wants no quarrel about another one.
    tcpPort: tcpPort ?? (port === ANY_PORT ? ANY_PORT : DEFAULT_TCP_PORT),
  };
}
