/** A process of its own that takes locks at its parent's word: one message is one command, one answer or event each. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  LockLostError,
  LockManager,
  type AdoptOptions,
  type DistributedLock,
  type Lease,
  type LockManagerOptions,
  type LockOptions,
  type LostReason,
} from '../../lib/index.js';

/** What to acquire: a lock, several together, or with a `limit` permits of a semaphore. */
export interface Wish {
  readonly name: string | readonly string[];
  readonly options?: LockOptions;
  readonly limit?: number;
}

/** For how long a process held what it wished for, on the clock that all processes of a machine share. */
export interface Span {
  readonly wish: Wish;
  readonly fencingToken: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export type Command =
  | { readonly do: 'open'; readonly options: LockManagerOptions }
  | { readonly do: 'setup' }
  | ({ readonly do: 'acquire'; readonly key: string } & Wish)
  | { readonly do: 'release'; readonly key: string }
  | { readonly do: 'serialize'; readonly key: string }
  | { readonly do: 'adopt'; readonly key: string; readonly text: string; readonly options?: AdoptOptions }
  | { readonly do: 'forceRelease'; readonly name: string }
  | { readonly do: 'work'; readonly wishes: readonly Wish[] }
  | { readonly do: 'close' };

export type Report =
  | { readonly event: 'done'; readonly call: number; readonly value?: unknown; readonly error?: string }
  | { readonly event: 'waiting'; readonly name: string; readonly position: number }
  | { readonly event: 'granted'; readonly key: string; readonly fencingToken: number }
  | { readonly event: 'lost'; readonly key: string; readonly reason: LostReason };

const leases = new Map<string, Lease>();
let manager: LockManager | undefined;

function send(report: Report): void {
  process.send?.(report);
}

function lockOf({ name, limit }: Wish): DistributedLock {
  if (manager === undefined) throw new Error('not open');
  return limit === undefined ? manager.get(name) : manager.semaphore(String(name), { permits: limit });
}

function keep(key: string, lease: Lease): number {
  leases.set(key, lease);
  lease.signal.addEventListener('abort', () => {
    const { reason } = lease.signal as { reason: unknown };
    if (reason instanceof LockLostError) send({ event: 'lost', key, reason: reason.reason });
  });
  send({ event: 'granted', key, fencingToken: lease.fencingToken });
  return lease.fencingToken;
}

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Holds each for a moment, one after the other. */
async function work(wishes: readonly Wish[]): Promise<Span[]> {
  const spans: Span[] = [];
  for (const wish of wishes) {
    const lease = await lockOf(wish).acquire(wish.options);
    const fromMs = nowMs();
    await pause(1);
    spans.push({ wish, fencingToken: lease.fencingToken, fromMs, toMs: nowMs() });
    await lease.release();
  }
  return spans;
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
    case 'acquire':
      return keep(command.key, await lockOf(command).acquire(command.options));
    case 'release':
      return leases.get(command.key)?.release();
    case 'serialize':
      return leases.get(command.key)?.serialize();
    case 'adopt':
      return keep(command.key, await manager.adopt(command.text, command.options));
    case 'forceRelease':
      return manager.forceRelease(command.name);
    case 'work':
      return work(command.wishes);
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
