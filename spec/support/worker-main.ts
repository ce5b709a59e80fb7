/** A process of its own that takes locks at its parent's word: one message is one command, one answer or event each. */
import { setTimeout as pause } from 'node:timers/promises';
import { block } from './block.js';
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

/** Blocks its event loop for so long, as soon as something has happened to the request. */
export interface Blocked extends Wish {
  readonly forMs: number;
  /** It is waited for; its caller has it; `acquired` is told; or an extension is under way. */
  readonly at: 'waiting' | 'grant' | 'event' | 'extension';
  /** As soon as the block is over, or once it is known whether the lease is held. */
  readonly release: 'at once' | 'when known';
}

/** What a process saw that was blocked. */
export interface BlockedReport {
  readonly fencingToken: number;
  /** At the end of the block, before anything was read. */
  readonly wasHeld: boolean;
  /** Once it was known. */
  readonly isHeld: boolean;
  readonly lost: LostReason | null;
  readonly released: boolean;
}

export type Command =
  | ({ readonly do: 'block' } & Blocked)
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

/** The lease that was acquired has become shorter by so much. */
const EXTEND_AFTER_MS = 600;

async function beBlocked(wish: Blocked): Promise<BlockedReport> {
  const lock = lockOf(wish);
  let lost: LostReason | null = null;
  lock.on('lost', ({ reason }) => (lost = reason));
  if (wish.at === 'event') lock.once('acquired', () => block(wish.forMs));
  // After whoever is told of it by a message.
  if (wish.at === 'waiting') manager?.once('waiting', () => block(wish.forMs));
  const lease = await lock.acquire(wish.options);
  const { fencingToken } = lease;
  if (wish.at === 'extension') {
    await pause(EXTEND_AFTER_MS);
    void lease.extend().catch(() => undefined);
    // What is urgent goes out before promises that are settled now.
    await Promise.resolve();
  }
  if (wish.at === 'grant' || wish.at === 'extension') block(wish.forMs);
  const wasHeld = lease.isHeld;
  if (wish.release === 'when known')
    while (!lease.isHeld && !lease.signal.aborted) await new Promise((resolve) => setImmediate(resolve));
  const { isHeld } = lease;
  const released = await lease.release();
  return { fencingToken, wasHeld, isHeld, lost, released };
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
    case 'block':
      return beBlocked(command);
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
