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

/** The server at REDIS_URL, or redis-server without persistence. */
export async function redis(): Promise<Maybe<RunningServer>> {
  const url = process.env['REDIS_URL'];
  if (url !== undefined) return serverAt('redis', 'Redis of REDIS_URL', { urls: [url] });
  const version = outputOf('redis-server', '--version');
  if (version === undefined)
    return { unavailable: 'redis-server is not installed, and REDIS_URL names none' };
  const folder = temporaryFolder('redis');
  const port = await freePort();
  const settings = { port: String(port), bind: '127.0.0.1', dir: folder.path, save: '', appendonly: 'no' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = startProgram({ command: 'redis-server', args });
  await listens(port, child);
  const title = `Redis ${/v=(\S+)/.exec(version)?.[1] ?? ''}`;
  return serverAt('redis', title, { urls: [`redis://127.0.0.1:${port}`] }, async () => {
    await stopProgram(child);
    folder.remove();
  });
}
