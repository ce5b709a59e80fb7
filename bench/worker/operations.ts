import type { ServerPlace } from '../systems/lock-system.js';

/**
 * What a worker can be told to do: one process that uses one kind of lock. Workers are programs in any language that
 * read `{id, op, args}` a line and answer `{id, result}`, `{id, error}` or `{id, unavailable}`. All times are milliseconds of the
 * monotonic clock that the processes of a machine share.
 */
export interface Operations {
  /** Opens so many sessions in a space. A worker may have several spaces. */
  open(args: OpenArgs): Promise<null>;
  /** So many tasks acquire and release in turn, each a name of its own. */
  pairs(args: PairsArgs): Promise<Pace>;
  /** As `pairs`, with two bare changes in place of each pair; null if the system has none. */
  bareChanges(args: PairsArgs): Promise<Pace | null>;
  /** Acquires one name again and again, from a start that all workers share. */
  contend(args: ContendArgs): Promise<Contention>;
  /** Acquires all these names, a bounded number at a time, and keeps them. Answers when each was granted. */
  hold(args: HoldArgs): Promise<number[]>;
  /** Releases a name that is held. Answers when it was asked to. */
  release(args: { readonly space: string; readonly name: string }): Promise<number>;
  /** Asks for the names without waiting. */
  ask(args: AskArgs): Promise<null>;
  /** Waits until all that was asked for was granted, and released where that was asked. */
  granted(): Promise<Granted[]>;
  /** Puts so many waiters behind a holder of the name. */
  queueUp(args: QueueArgs): Promise<null>;
  /** Passes the name of such a queue on, so many times; who had it asks again. Answers how long each took, in us. */
  passOn(args: PassOnArgs): Promise<number[]>;
  /** CPU time of the process so far, in microseconds. */
  cpu(): Promise<number>;
  /** What the process takes up, after it has collected its garbage where it can be told to. */
  memory(): Promise<Memory>;
  /** What the sessions of a space have asked and were told. */
  traffic(args: { readonly space: string }): Promise<TrafficSoFar | null>;
  close(): Promise<null>;
}

export type OperationName = keyof Operations;

export interface OpenArgs {
  readonly system: string;
  readonly place: ServerPlace;
  readonly space: string;
  readonly sessions: number;
}

export interface PairsArgs {
  readonly space: string;
  readonly tasks: number;
  readonly durationMs: number;
  readonly lingerMs?: number | undefined;
}

/** How it went: times are of single pairs, from the call of `acquire` to the answer of `release`. */
export interface Pace {
  readonly pairs: number;
  readonly elapsedMs: number;
  /** Of this process, user and system. */
  readonly cpuUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly requests: number | null;
}

export interface ContendArgs {
  readonly space: string;
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
}

export interface Contention {
  /** Of each turn: asked, sent, granted, released. */
  readonly turns: readonly (readonly [number, number, number, number])[];
  readonly cpuUs: number;
  readonly requests: number | null;
  readonly pushes: number | null;
}

export interface HoldArgs {
  readonly space: string;
  readonly names: readonly string[];
  readonly ttlMs: number;
  readonly renew: boolean;
}

export interface AskArgs extends HoldArgs {
  /** Release each as soon as it is granted. */
  readonly thenRelease: boolean;
}

export interface Granted {
  readonly grantedMs: number;
  /** When the release was answered; null if it was not to be released. */
  readonly releasedMs: number | null;
}

export interface QueueArgs {
  readonly space: string;
  readonly name: string;
  readonly waiters: number;
}

export interface PassOnArgs {
  readonly space: string;
  readonly name: string;
  readonly times: number;
}

export interface Memory {
  /** Heap and what it refers to outside of it; null where that cannot be told apart from the rest. */
  readonly heapBytes: number | null;
  readonly rssBytes: number;
}

export interface TrafficSoFar {
  readonly requests: number;
  readonly pushes: number;
}
