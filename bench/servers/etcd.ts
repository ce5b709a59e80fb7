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

/** The server at ETCD_URL, or one member with its default settings: it writes each change to disk. */
export async function etcd(): Promise<Maybe<RunningServer>> {
  const url = process.env['ETCD_URL'];
  if (url !== undefined) return serverAt('etcd', 'etcd of ETCD_URL', { urls: [url] });
  const version = outputOf('etcd', '--version');
  if (version === undefined) return { unavailable: 'etcd is not installed, and ETCD_URL names none' };
  const folder = temporaryFolder('etcd');
  const [port, peerPort] = [await freePort(), await freePort()];
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  const settings = {
    'data-dir': folder.path,
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = startProgram({ command: 'etcd', args });
  await listens(port, child);
  const title = `etcd ${/etcd Version: (\S+)/.exec(version)?.[1] ?? ''}`;
  return serverAt('etcd', title, { urls: [client] }, async () => {
    await stopProgram(child);
    folder.remove();
  });
}
