import { Alarm } from '../../lib/async/alarm.js';
import { LockClosedError, LockConnectionError } from '../../lib/errors.js';
import { SystemClock } from '../../lib/manager/clock.js';
import { Desk, type Outlet, type Seat } from '../../lib/manager/desk.js';
import type { LockTeller } from '../../lib/manager/event-relay.js';
import { HeldLease } from '../../lib/manager/held-lease.js';
import { LeasePools } from '../../lib/manager/lease-pools.js';
import type { LocalWaiter } from '../../lib/manager/local-waiter.js';
import type { LockCore, OpenCore } from '../../lib/manager/manager-core.js';
import type { Terms } from '../../lib/request/request.js';
import { randomId } from '../../lib/manager/random-id.js';
import type { Asked, Send } from '../../lib/request/commands.js';
import type { Answer, RequestTerms } from '../../lib/schema/operations.js';
import type { RoomId } from '../../lib/schema/replies.js';
import { rest, resumeTime, stopTime } from './fake-time.js';

/** The server's clock shows this when ours shows `monotonicMs`; a server's clock is not ours. */
export function serverUs(monotonicMs = performance.now()): number {
  return Math.round(1_700_000_000_000_000 + monotonicMs * 1000);
}

/** What a server says now. */
export const says = {
  held: (leaseMs: number, token = 7): Answer => ({ state: 'held', due: serverUs() + leaseMs * 1000, token }),
  waiting: (askInMs: number, ahead = 1): Answer => ({
    state: 'waiting',
    askAt: serverUs() + askInMs * 1000,
    ahead,
  }),
  busy: (dueInMs = 1000): Answer => ({ state: 'busy', due: serverUs() + dueInMs * 1000 }),
  gone: (why?: 'stolen' | 'force-released'): Answer => ({ state: 'gone', why }),
  ended: (was: 'held' | 'waiting' | 'gone' = 'held', token = 7): Answer =>
    was === 'held' ? { state: 'ended', was, token } : { state: 'ended', was },
};

export interface FakeCall {
  readonly operation: Asked;
  readonly seat: Seat;
  readonly isUrgent: boolean;
  isOpen: boolean;
  answer(answer: Answer, how?: { readonly room?: RoomId; readonly wasRepeated?: boolean }): void;
  fail(error: unknown): void;
}

export const ROOM = 5;

/** What a call for a lock asks for. */
export function termsOf({ operation }: FakeCall): RequestTerms {
  if (!('terms' in operation)) throw new Error(`${operation.kind} asks for no lock`);
  return operation.terms;
}

/** The core of a manager without a server: desk and leases are real, and each call waits for the spec's answer. */
export class FakeCore implements LockCore, OpenCore, Outlet {
  readonly info = { collection: 'lock', prefix: '', owner: 'me' };
  readonly shared = { clockSkewMs: 0, doubtMs: 5_000 };
  readonly calls: FakeCall[] = [];
  /** The rooms that were to be joined. */
  readonly rooms: RoomId[] = [];
  /** For how many the process lives, by their ttl. */
  readonly alive = new Map<number, number>();
  readonly desk = new Desk(this, { clock: new SystemClock(), timer: new Alarm(), newId: randomId });
  readonly pools = new LeasePools(
    this.desk,
    (terms, teller, waited) => new HeldLease(this.desk, terms, teller, waited),
    () => false,
  );
  /** The answers to `isLocked`. */
  locked: ReadonlyMap<string, boolean> = new Map();
  readonly procedures = {
    isLocked: (name: string): Promise<boolean> => Promise.resolve(this.locked.get(name) ?? false),
  };
  trouble: unknown;
  isSearching = false;
  isClosed = false;

  /** The calls of one kind, oldest first. */
  of(kind: Asked['kind']): FakeCall[] {
    return this.calls.filter(({ operation }) => operation.kind === kind);
  }

  /** The newest call of one kind. */
  last(kind: Asked['kind']): FakeCall {
    const call = this.of(kind).at(-1);
    if (call === undefined) throw new Error(`nobody has asked for ${kind}`);
    return call;
  }

  /** Pushes into the room of this manager. */
  push(event: string, ...args: unknown[]): void {
    this.desk.pushed(ROOM, event, args);
  }

  /** Pushes a grant as the server does. */
  grant(seat: Seat, leaseMs = 800, token = 7): void {
    const { number, id } = seat.request;
    this.push('granted', number, id.slice(0, 16), token, serverUs(), serverUs() + leaseMs * 1000);
  }

  get loaded(): this {
    this.assertOpen();
    return this;
  }

  async whenLoaded<T>(use: (core: this) => T | Promise<T>): Promise<T> {
    return use(this.loaded);
  }

  assertOpen(): void {
    if (this.isClosed) throw new LockClosedError();
  }

  open(terms: Terms, teller: LockTeller): HeldLease {
    this.assertOpen();
    return this.pools.open(terms, teller);
  }

  acquire(terms: Terms, teller: LockTeller): HeldLease | LocalWaiter | undefined {
    this.assertOpen();
    return this.pools.acquire(terms, teller);
  }

  sendUrgent(): void {
    // Each call is a call at once.
  }

  send(seat: Seat, call: Send): void {
    const sentMs = performance.now();
    const fake: FakeCall = {
      operation: call.operation,
      seat,
      isUrgent: call.isUrgent,
      isOpen: true,
      answer: (answer, { room = ROOM, wasRepeated = false } = {}) => {
        if (!fake.isOpen) throw new Error(`${call.operation.kind} has been answered`);
        fake.isOpen = false;
        const exchange = { at: serverUs(), sentMs, receivedMs: performance.now(), wasRepeated };
        this.desk.answered(seat, call, answer, exchange, room);
      },
      fail: (error) => {
        fake.isOpen = false;
        this.desk.failed(seat, call, error, error instanceof LockConnectionError ? 'unanswered' : 'refused');
      },
    };
    this.calls.push(fake);
  }

  join(room: RoomId): void {
    this.rooms.push(room);
  }

  keepAlive(fromMs: number | undefined, toMs: number | undefined): void {
    if (fromMs !== undefined) this.#count(fromMs, -1);
    if (toMs !== undefined) this.#count(toMs, 1);
  }

  /** Ends whatever is left: no alarm rings any more. */
  end(): void {
    this.desk.close(new Error('the spec is over'));
    this.desk.stop();
  }

  #count(ttlMs: number, change: number): void {
    const count = (this.alive.get(ttlMs) ?? 0) + change;
    if (count === 0) this.alive.delete(ttlMs);
    else this.alive.set(ttlMs, count);
  }
}

/**
 * A core for each test of a spec, on stopped time.
 * @param begin is given it before the test
 */
export function withFakeCore(begin: (core: FakeCore) => void): void {
  let core: FakeCore;
  beforeEach(() => {
    stopTime();
    core = new FakeCore();
    begin(core);
  });
  afterEach(async () => {
    core.end();
    await rest();
    resumeTime();
  });
}
