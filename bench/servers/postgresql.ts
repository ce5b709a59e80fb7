import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import {
  freePort,
  listens,
  outputOf,
  serverAt,
  startProgram,
  stopProgram,
  temporaryFolder,
} from './program.js';
import type { Maybe, RunningServer } from './running-server.js';

const DEBIAN = '/usr/lib/postgresql';
/** Each waiter of an advisory lock needs a connection. */
const CONNECTIONS = 300;

/** The server at DATABASE_URL, or Debian's PostgreSQL with its default settings. */
export async function postgresql(): Promise<Maybe<RunningServer>> {
  const url = process.env['DATABASE_URL'];
  if (url !== undefined) return serverAt('postgresql', 'PostgreSQL of DATABASE_URL', { urls: [url] });
  const bin = programsFolder();
  if (bin === undefined) return { unavailable: 'PostgreSQL is not installed, and DATABASE_URL names none' };
  const user = unprivilegedUser();
  if (typeof user === 'string') return { unavailable: user };
  const folder = temporaryFolder('postgresql');
  if (user !== undefined) chownSync(folder.path, user.uid, user.gid);
  const data = path.join(folder.path, 'data');
  const init = ['-D', data, '-U', 'postgres', '--auth', 'trust', '--no-sync', '--no-locale', '-E', 'UTF8'];
  const { status, stderr } = spawnSync(path.join(bin, 'initdb'), init, { encoding: 'utf8', ...user });
  if (status !== 0) throw new Error(`initdb failed: ${stderr}`);
  const port = await freePort();
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: folder.path };
  const given = Object.entries({ ...settings, max_connections: CONNECTIONS });
  const args = ['-D', data, '-p', String(port), ...given.flatMap(([key, to]) => ['-c', `${key}=${to}`])];
  const child = startProgram({ command: path.join(bin, 'postgres'), args, user });
  await listens(port, child);
  const title = `PostgreSQL ${/[\d.]+/.exec(outputOf(path.join(bin, 'postgres'), '--version') ?? '')?.[0]}`;
  const place = { urls: [`postgresql://postgres@127.0.0.1:${port}/postgres`] };
  return serverAt('postgresql', title, place, async () => {
    // Ends the connections that are still open, instead of waiting for them.
    await stopProgram(child, 'SIGINT');
    folder.remove();
  });
}

function programsFolder(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort() : [];
  const newest = versions.at(-1);
  if (newest !== undefined) return path.join(DEBIAN, newest, 'bin');
  const found = outputOf('pg_config', '--bindir');
  return found;
}

/** PostgreSQL does not run as root: then as the user of its package. */
function unprivilegedUser(): { uid: number; gid: number } | undefined | string {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = [outputOf('id', '-u', 'postgres'), outputOf('id', '-g', 'postgres')];
  if (uid === undefined || gid === undefined)
    return 'PostgreSQL does not run as root, and there is no user postgres';
  return { uid: Number(uid), gid: Number(gid) };
}
