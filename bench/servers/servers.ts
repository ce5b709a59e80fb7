import type { ServerName } from '../systems/lock-system.js';
import { etcd } from './etcd.js';
import { postgresql } from './postgresql.js';
import { redis } from './redis.js';
import type { Maybe, RunningServer } from './running-server.js';
import { embedded, thingsdb, thingsdbCluster } from './thingsdb.js';

const STARTERS: Readonly<Record<ServerName, () => Promise<Maybe<RunningServer>>>> = {
  thingsdb,
  'thingsdb-cluster': thingsdbCluster,
  embedded,
  redis,
  postgresql,
  etcd,
};

/** Each server that is asked for, started once; one that cannot be had is the reason why not. */
export class Servers {
  readonly #started = new Map<ServerName, Promise<Maybe<RunningServer>>>();

  get(name: ServerName): Promise<Maybe<RunningServer>> {
    let server = this.#started.get(name);
    if (server === undefined) {
      server = STARTERS[name]().catch((error: unknown) => ({
        unavailable: `${name} could not be started: ${error instanceof Error ? error.message : String(error)}`,
      }));
      this.#started.set(name, server);
    }
    return server;
  }

  async stop(): Promise<void> {
    for (const started of this.#started.values()) {
      const server = await started;
      if (!('unavailable' in server)) await server.stop();
    }
  }
}
