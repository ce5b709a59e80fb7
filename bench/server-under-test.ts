import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Auth } from '../lib/index.js';

/** Where the benchmarks run. */
export interface ServerUnderTest {
  readonly name: 'embedded' | 'real';
  readonly url: string;
  readonly auth: Auth;
  stop(): Promise<void>;
}

/**
 * The server at `THINGSDB_URL` (with `THINGSDB_USER` and `THINGSDB_PASSWORD`, or `THINGSDB_TOKEN`), or the embedded one,
 * started in a process of its own: in this one it would share the event loop with what is measured.
 */
export async function serverUnderTest(): Promise<ServerUnderTest> {
  const { THINGSDB_URL: urls, THINGSDB_TOKEN: token } = process.env;
  const url = urls?.split(',')[0];
  if (url === undefined) return embeddedServer();
  const username = process.env['THINGSDB_USER'] ?? 'admin';
  const password = process.env['THINGSDB_PASSWORD'] ?? 'pass';
  const auth = token === undefined ? { username, password } : { token };
  return { name: 'real', url, auth, stop: () => Promise.resolve() };
}

async function embeddedServer(): Promise<ServerUnderTest> {
  const main = path.join(__dirname, '../lib/cli/main.ts');
  const args = ['--import', 'tsx', main, 'dev-server', '--port', '0', '--tcp-port', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let printed = '';
    child.stdout.on('data', (data: Buffer) => {
      printed += data.toString();
      const found = /listening on (ws:\S+)\n/.exec(printed)?.[1];
      if (found !== undefined) resolve(found);
    });
    void exited.then(() => reject(new Error('the embedded server did not start')));
  });
  return {
    name: 'embedded',
    url,
    auth: { username: 'admin', password: 'pass' },
    stop: () => {
      child.kill();
      return exited;
    },
  };
}
