import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadPeer } from '../unavailable.js';
import { POLL_MS } from './catalogue.js';
import type { LockAdapter, LockSession } from './lock-system.js';

/** What the adapters use of etcd3. */
interface Etcd3 {
  lock(key: string): EtcdLock;
  lease(ttlSeconds: number, options?: { autoKeepAlive: boolean }): Lease;
  put(key: string): { value(value: number): Promise<unknown> };
  close(): void;
}

interface EtcdLock {
  ttl(seconds: number): EtcdLock;
  acquire(): Promise<EtcdLock>;
  release(): Promise<void>;
}

interface Lease {
  grant(): Promise<string>;
  revoke(): Promise<void>;
}

interface Module {
  readonly Etcd3: new (options: { hosts: string }) => Etcd3;
  readonly EtcdLockFailedError: new () => Error;
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));

/** The lock of the library etcd3. It does not wait: whoever wants to wait tries again. */
export const etcd3: LockAdapter = {
  open: async ({ urls }, space): Promise<LockSession> => {
    const { Etcd3, EtcdLockFailedError } = await loadPeer<Module>('etcd3');
    const client = new Etcd3({ hosts: urls[0] ?? '' });
    let change = 0;
    return {
      acquire: async (name, { ttlMs }) => {
        for (;;) {
          try {
            return await client.lock(`${space}/${name}`).ttl(seconds(ttlMs)).acquire();
          } catch (error) {
            if (!(error instanceof EtcdLockFailedError)) throw error;
            await sleep(POLL_MS);
          }
        }
      },
      bareChange: async () => client.put(`${space}-bare`).value(++change),
      close: () => Promise.resolve(client.close()),
    };
  },
};

type Callback<T> = (error: Error | null, answer: T) => void;

interface LockService {
  Lock(request: { name: Buffer; lease: string }, callback: Callback<{ key: Buffer }>): void;
  Unlock(request: { key: Buffer }, callback: Callback<unknown>): void;
  close(): void;
}

interface Grpc {
  readonly credentials: { createInsecure(): unknown };
  loadPackageDefinition(definition: unknown): {
    v3lockpb: { Lock: new (host: string, credentials: unknown) => LockService };
  };
}

async function lockService(url: string): Promise<LockService> {
  const grpc = await loadPeer<Grpc>('@grpc/grpc-js');
  const loader = await loadPeer<{ loadSync(file: string, options: object): unknown }>('@grpc/proto-loader');
  const definition = loader.loadSync(path.join(__dirname, 'etcd-lock.proto'), { longs: String });
  const { v3lockpb } = grpc.loadPackageDefinition(definition);
  return new v3lockpb.Lock(new URL(url).host, grpc.credentials.createInsecure());
}

/** The lock service in the server, as `etcdctl lock` uses it: one renewed lease for a session. */
export const etcdLock: LockAdapter = {
  open: async ({ urls }, space): Promise<LockSession> => {
    const { Etcd3 } = await loadPeer<Module>('etcd3');
    const client = new Etcd3({ hosts: urls[0] ?? '' });
    const service = await lockService(urls[0] ?? '');
    const own = client.lease(60);
    let requests = 0;
    const lock = (name: string, lease: string): Promise<Buffer> =>
      new Promise((resolve, reject) => {
        const request = { name: Buffer.from(`${space}/${name}`), lease };
        service.Lock(request, (error, answer) => (error === null ? resolve(answer.key) : reject(error)));
      });
    const unlock = (key: Buffer): Promise<void> =>
      new Promise((resolve, reject) => {
        service.Unlock({ key }, (error) => (error === null ? resolve() : reject(error)));
      });
    return {
      acquire: async (name, { ttlMs, renew }) => {
        // A lease that is to end has to be one of its own.
        const lease = renew ? own : client.lease(seconds(ttlMs), { autoKeepAlive: false });
        requests += renew ? 1 : 2;
        const key = await lock(name, await lease.grant());
        return {
          release: () => {
            requests++;
            return unlock(key);
          },
        };
      },
      traffic: () => ({ requests, pushes: 0 }),
      close: async () => {
        await own.revoke();
        service.close();
        client.close();
      },
    };
  },
};
