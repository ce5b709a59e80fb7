import type { LockProcedures } from '../../lib/schema/lock-procedures.js';
import type { TakenAway, TicketStatus } from '../../lib/schema/ticket-status.js';

type Procedure =
  | 'acquire'
  | 'try'
  | 'check'
  | 'extend'
  | 'release'
  | 'withdraw'
  | 'keep'
  | 'handOn'
  | 'adopt'
  | 'query'
  | 'forceRelease'
  | 'requestRelease'
  | 'watch'
  | 'isLocked';

/** One call that a spec has to answer. */
export interface FakeCall {
  readonly procedure: Procedure;
  /** The first of its arguments, and all of them. */
  readonly argument: unknown;
  readonly args: readonly unknown[];
  /** When it was made, on the monotonic clock. */
  readonly sentMs: number;
  readonly answer: (value: unknown) => void;
  readonly fail: (error: unknown) => void;
}

const SERVER_START_US = 1_700_000_000_000_000;

/** The server's clock in specs: the monotonic clock from another start. */
export function serverUs(monotonicMs: number = performance.now()): number {
  return SERVER_START_US + Math.round(monotonicMs * 1000);
}

/** What a server says now. */
export const status = {
  held: (leaseMs: number, token = 7, room = 5): TicketStatus => ({
    state: 'held',
    at: serverUs(),
    due: serverUs() + leaseMs * 1000,
    token,
    room,
  }),
  waiting: (dueInMs: number, ahead = 1, room = 5): TicketStatus => ({
    state: 'waiting',
    at: serverUs(),
    due: serverUs() + dueInMs * 1000,
    ahead,
    room,
  }),
  busy: (dueInMs: number): TicketStatus => ({
    state: 'busy',
    at: serverUs(),
    due: serverUs() + dueInMs * 1000,
  }),
  gone: (why?: TakenAway): TicketStatus => ({ state: 'gone', at: serverUs(), why }),
};

/** The procedures of the schema without a server: each call waits for the spec's answer. */
export class FakeProcedures {
  readonly calls: FakeCall[] = [];

  /** In the place of the real ones. */
  get asProcedures(): LockProcedures {
    return this as unknown as LockProcedures;
  }

  /** The calls of one kind, oldest first. */
  of(procedure: Procedure): FakeCall[] {
    return this.calls.filter((call) => call.procedure === procedure);
  }

  /** The newest call of one kind. */
  last(procedure: Procedure): FakeCall {
    const call = this.of(procedure).at(-1);
    if (call === undefined) throw new Error(`nobody has called ${procedure}`);
    return call;
  }

  acquire(...args: unknown[]): Promise<unknown> {
    return this.#told('acquire', args);
  }

  try(...args: unknown[]): Promise<unknown> {
    return this.#told('try', args);
  }

  check(...args: unknown[]): Promise<unknown> {
    return this.#told('check', args);
  }

  extend(...args: unknown[]): Promise<unknown> {
    return this.#told('extend', args);
  }

  handOn(...args: unknown[]): Promise<unknown> {
    return this.#told('handOn', args);
  }

  adopt(...args: unknown[]): Promise<unknown> {
    return this.#told('adopt', args);
  }

  release(...args: unknown[]): Promise<unknown> {
    return this.#plain('release', args);
  }

  withdraw(...args: unknown[]): Promise<unknown> {
    return this.#plain('withdraw', args);
  }

  keep(...args: unknown[]): Promise<unknown> {
    return this.#plain('keep', args);
  }

  query(...args: unknown[]): Promise<unknown> {
    return this.#plain('query', args);
  }

  forceRelease(...args: unknown[]): Promise<unknown> {
    return this.#plain('forceRelease', args);
  }

  requestRelease(...args: unknown[]): Promise<unknown> {
    return this.#plain('requestRelease', args);
  }

  watch(...args: unknown[]): Promise<unknown> {
    return this.#plain('watch', args);
  }

  isLocked(...args: unknown[]): Promise<unknown> {
    return this.#plain('isLocked', args);
  }

  #told(procedure: Procedure, args: readonly unknown[]): Promise<unknown> {
    return this.#call(procedure, args, (value, sentMs) => ({
      value,
      sentMs,
      receivedMs: performance.now(),
    }));
  }

  #plain(procedure: Procedure, args: readonly unknown[]): Promise<unknown> {
    return this.#call(procedure, args, (value) => value);
  }

  #call(
    procedure: Procedure,
    args: readonly unknown[],
    shape: (value: unknown, sentMs: number) => unknown,
  ): Promise<unknown> {
    const sentMs = performance.now();
    return new Promise((resolve, reject) => {
      this.calls.push({
        procedure,
        argument: args[0],
        args,
        sentMs,
        answer: (value) => resolve(shape(value, sentMs)),
        fail: reject,
      });
    });
  }
}

/** What has come of a promise once what is under way has come to rest; what needs time or an answer is pending. */
export function outcome<T>(promise: Promise<T>): Promise<{ value: T } | { error: unknown } | 'pending'> {
  return Promise.race([
    promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
    new Promise<'pending'>((resolve) => setImmediate(() => resolve('pending'))),
  ]);
}
