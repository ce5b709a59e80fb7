/** A process of its own that takes locks at its parent's word: one message is one command, one answer or event each. */
import { LockManager, type Lease, type LockManagerOptions, type LockOptions } from '../../lib/index.js';

export type Command =
  | { readonly do: 'open'; readonly options: LockManagerOptions }
  | { readonly do: 'setup' }
  | { readonly do: 'acquire'; readonly key: string; readonly name: string; readonly options?: LockOptions }
  | { readonly do: 'release'; readonly key: string }
  | { readonly do: 'close' };

export type Report =
  | { readonly event: 'done'; readonly call: number; readonly value?: unknown; readonly error?: string }
  | { readonly event: 'waiting'; readonly name: string; readonly position: number }
  | { readonly event: 'granted'; readonly key: string; readonly fencingToken: number };

const leases = new Map<string, Lease>();
let manager: LockManager | undefined;

function send(report: Report): void {
  process.send?.(report);
}

async function obey(command: Command): Promise<unknown> {
  if (command.do === 'open') {
    manager = new LockManager(command.options);
    manager.on('waiting', ({ name, position }) => send({ event: 'waiting', name, position }));
    return;
  }
  if (manager === undefined) throw new Error('not open');
  switch (command.do) {
    case 'setup':
      return manager.setup();
    case 'acquire': {
      const lease = await manager.get(command.name).acquire(command.options);
      leases.set(command.key, lease);
      send({ event: 'granted', key: command.key, fencingToken: lease.fencingToken });
      return lease.fencingToken;
    }
    case 'release':
      return leases.get(command.key)?.release();
    case 'close':
      await manager.close();
      process.disconnect();
      return;
  }
}

process.on('message', ({ call, ...command }: Command & { call: number }) => {
  obey(command).then(
    (value) => process.connected && send({ event: 'done', call, value }),
    (error: unknown) => send({ event: 'done', call, error: String(error) }),
  );
});
