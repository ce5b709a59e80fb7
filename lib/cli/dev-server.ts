import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ExitStatus } from './exit-status.js';
import { startThingsDB } from '../testing/index.js';

const USAGE = `Usage: thingsdb-lock dev-server [--port N] [--tcp-port N] [--generate-password]

A ThingsDB for tests, demos and development. It keeps nothing on disk.
User admin, password pass; only reachable from this machine, and not by web pages of other ones.

  --port N             the WebSocket's port (default 9270, 0 = any free one)
  --tcp-port N         the TCP port (default 9200, 0 = any free one, as with --port 0 alone)
  --generate-password  makes another password for admin, and prints it
  --help               shows this`;

const DEFAULT_PORT = 9270;
const DEFAULT_TCP_PORT = 9200;
const ANY_PORT = 0;
const MAX_PORT = 65_535;
const PASSWORD_BYTES = 18;

interface Settings {
  readonly port: number;
  readonly tcpPort: number;
  /** `undefined`: the one that everybody knows. */
  readonly password: string | undefined;
}

/**
 * `thingsdb-lock dev-server`: serves the embedded ThingsDB until SIGINT or SIGTERM. Prints
 * `listening on thingsdb://127.0.0.1:N` and `listening on ws://127.0.0.1:N` once clients can connect, and before them
 * `user admin, password ...` if the password is a generated one.
 *
 * @returns the exit status: see {@link ExitStatus}: ok after a signal, unavailable when a port is taken, usage for bad arguments
 */
export async function devServer(args: string[]): Promise<number> {
  const settings = readSettings(args);
  if (typeof settings === 'number') return settings;
  const { password, ...ports } = settings;
  try {
    await using db = await startThingsDB({ ...ports, ...(password !== undefined && { password }) });
    const stopped = signal();
    if (password !== undefined) console.log(`user admin, password ${password}`);
    console.log(`listening on ${db.url}`);
    console.log(`listening on ${db.wsUrl}`);
    await stopped;
    return ExitStatus.ok;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return ExitStatus.unavailable;
  }
}

function readSettings(args: string[]): Settings | number {
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: { type: 'string' },
        'tcp-port': { type: 'string' },
        'generate-password': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    if (values.help === true) {
      console.log(USAGE);
      return ExitStatus.ok;
    }
    const port = readPort('--port', values.port, DEFAULT_PORT);
    // Whoever wants any free port wants no quarrel about another one.
    const tcpFallback = port === ANY_PORT ? ANY_PORT : DEFAULT_TCP_PORT;
    return {
      port,
      tcpPort: readPort('--tcp-port', values['tcp-port'], tcpFallback),
      password:
        values['generate-password'] === true ? randomBytes(PASSWORD_BYTES).toString('base64url') : undefined,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return ExitStatus.usage;
  }
}

function readPort(option: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= MAX_PORT) return port;
  throw new Error(`${option} must be a port between 0 and ${MAX_PORT}, not ${JSON.stringify(text)}`);
}

function signal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
