import { loadPeer } from '../unavailable.js';
import type { LockAdapter, LockSession } from './lock-system.js';

/** What the adapter uses of pg. */
interface Client {
  connect(): Promise<void>;
  query(query: { name: string; text: string; values: unknown[] }): Promise<unknown>;
  end(): Promise<void>;
}

interface Module {
  readonly Client: new (options: { connectionString: string }) => Client;
}

/** Session-level advisory locks, by prepared statements. The key is a hash of the name, as their users make it. */
export const postgresql: LockAdapter = {
  open: async ({ urls }, space): Promise<LockSession> => {
    const module = await loadPeer<Module & { default?: Module }>('pg');
    const client = new (module.default ?? module).Client({ connectionString: urls[0] ?? '' });
    await client.connect();
    let requests = 0;
    const call = (name: string, key: string): Promise<unknown> => {
      requests++;
      return client.query({ name, text: `select ${name}(hashtextextended($1, 0))`, values: [key] });
    };
    return {
      acquire: async (name) => {
        const key = `${space}:${name}`;
        await call('pg_advisory_lock', key);
        return { release: () => call('pg_advisory_unlock', key) };
      },
      traffic: () => ({ requests, pushes: 0 }),
      close: () => client.end(),
    };
  },
};
