import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LockManagerOptions } from '../../lib/index.js';

export const REPOSITORY = join(__dirname, '../..');

/** How long the embedded server may take to go before it is killed. */
const STOP_MS = 2_000;

/** The server that the environment names: `THINGSDB_URL` (several nodes with commas between), and who we are to it. */
export function serverOptions(): LockManagerOptions {
  const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;
  return {
    url: THINGSDB_URL?.split(','),
    auth:
      THINGSDB_TOKEN === undefined
        ? { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' }
        : { token: THINGSDB_TOKEN },
    collection: THINGSDB_COLLECTION,
  };
}

/** The embedded ThingsDB, in a process of its own. */
export class DevServer {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /**
   * Resolves when clients can connect.
   * @param signal kills it
   */
  static async start(signal: AbortSignal): Promise<DevServer> {
    const command = ['--import', 'tsx', 'lib/cli/main.ts', 'dev-server', '--port', '0'];
    const child = spawn(process.execPath, command, {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'inherit'],
      signal,
      killSignal: 'SIGKILL',
    });
    const url = await new Promise<string>((resolve, reject) => {
      let printed = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        const [, address] = /^listening on (thingsdb:\S+)$/m.exec(printed) ?? [];
        if (address !== undefined) resolve(address);
      });
      child.once('error', reject);
      child.once('exit', () => reject(new Error('the embedded server ended before it was ready')));
    });
    return new DevServer(child, url);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const overdue = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(overdue);
  }
}
