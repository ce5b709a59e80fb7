import { installed } from './installed.js';
import type { Maybe, RunningServer } from './running-server.js';

/** The server at ETCD_URL, or one member with its default settings: it writes each change to disk. */
export function etcd(): Promise<Maybe<RunningServer>> {
  return installed({
    name: 'etcd',
    title: 'etcd',
    program: 'etcd',
    variable: 'ETCD_URL',
    scheme: 'http',
    version: /etcd Version: (\S+)/,
    args: (port, folder, peerPort) => {
      const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
      return {
        'data-dir': folder,
        'listen-client-urls': client,
        'advertise-client-urls': client,
        'listen-peer-urls': peer,
        'initial-advertise-peer-urls': peer,
        'initial-cluster': `default=${peer}`,
      };
    },
  });
}
