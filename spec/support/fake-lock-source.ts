import { EventEmitter } from 'node:events';
import type { HeldInfo, LockInfo, LockSnapshot, Page, PendingInfo } from '../../lib/index.js';
import type { Happening } from '../../lib/ui/happening.js';
import type { LockSource } from '../../lib/ui/lock-feed.js';
import type { Changer } from '../../lib/ui/changes.js';

/** The watch that the live view opens, with what the spec tells by it. */
class FakeWatch extends EventEmitter {
  isClosed = false;

  close(): void {
    this.isClosed = true;
  }
}

const COMMON = { mode: 'exclusive', count: 1, permits: 1 } as const;
const SINCE = new Date(1_000);

export function held(name: string, owner: string, fencingToken: number, remaining = 60_000): HeldInfo {
  return { ...COMMON, name, owner, since: SINCE, fencingToken, remaining, lingers: false };
}

export function pending(name: string, owner: string, position = 1): PendingInfo {
  return { ...COMMON, name, owner, since: SINCE, position };
}

/** Something that has happened, at a time by ThingsDB's clock. */
export function happening(
  kind: Happening['kind'],
  name: string,
  owner: string,
  more: Partial<Happening> = {},
): Happening {
  return {
    ...{ kind, name, owner, mode: 'exclusive', count: 1, permits: 1 },
    ...{ atMs: 5_000, lastedMs: 0, queueLength: 0, fencingToken: 0, ttlMs: 60_000, lingers: false },
    ...more,
  };
}

/** A manager without a server: what it answers is what the spec has put here. */
export class FakeLockSource extends EventEmitter {
  held: HeldInfo[] = [];
  pending: PendingInfo[] = [];
  readonly watches: FakeWatch[] = [];
  readonly queries: (string | Page)[] = [];
  readonly changes: unknown[][] = [];
  /** What questions are rejected with. */
  failure: Error | undefined;
  /** Whether a lease is lost before whoever has acquired it gets it. */
  losesAtOnce = false;
  /** Called before each answer: what happens in between. */
  beforeAnswer: () => void = () => undefined;

  get open(): number {
    return this.watches.filter(({ isClosed }) => !isClosed).length;
  }

  /** As the live view takes it. */
  get manager(): LockSource & Changer {
    return this as unknown as LockSource & Changer;
  }

  tell(what: Happening): void {
    const { kind, atMs, ttlMs, ...others } = what;
    const event = { ...others, at: new Date(atMs), ttl: ttlMs };
    for (const watch of this.watches) if (!watch.isClosed) watch.emit(kind, event);
  }

  resume(): void {
    for (const watch of this.watches) watch.emit('resumed');
  }

  watch(): Promise<FakeWatch> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const watch = new FakeWatch();
    this.watches.push(watch);
    return Promise.resolve(watch);
  }

  async query(which: string | Page = {}): Promise<LockSnapshot> {
    this.queries.push(which);
    const isAsked = (info: LockInfo): boolean =>
      typeof which === 'string' ? info.name === which : info.name > (which.after ?? '');
    const names = [
      ...new Set([...this.held, ...this.pending].filter(isAsked).map(({ name }) => name)),
    ].sort();
    const page = names.slice(0, typeof which === 'string' ? 1 : which.limit);
    const isOnPage = ({ name }: LockInfo): boolean => page.includes(name);
    const answer = { held: this.held.filter(isOnPage), pending: this.pending.filter(isOnPage) };
    await Promise.resolve();
    this.beforeAnswer();
    if (this.failure !== undefined) throw this.failure;
    return { ...answer, next: page.length < names.length ? page.at(-1) : undefined };
  }

  forceRelease(name: string): Promise<number> {
    return this.#change('forceRelease', name, 1);
  }

  requestRelease(name: string): Promise<number> {
    return this.#change('requestRelease', name, 2);
  }

  acquire(name: string, options: object): Promise<unknown> {
    const controller = new AbortController();
    if (this.losesAtOnce) controller.abort();
    const release = (): Promise<boolean> => this.#change('release', name, true);
    return this.#change('acquire', [name, options], { signal: controller.signal, release });
  }

  #change<T>(what: string, given: unknown, answer: T): Promise<T> {
    this.changes.push([what, given]);
    return this.failure === undefined ? Promise.resolve(answer) : Promise.reject(this.failure);
  }
}
