import type { LockModel } from './lock-model.js';
import type { Answer, Ref } from './lock-state.js';
import type { ServerState } from './server-state.js';

/** A procedure to call, and the model's word on it. */
export interface Call {
  readonly procedure: string;
  readonly args: readonly unknown[];
  /** Whether it makes a change; asked before {@link says}. */
  readonly makesChange: (at: number) => boolean;
  /** What it answers; a number alone is an error's code. */
  readonly says: (at: number, answer: unknown) => unknown;
  /** The answer in the model's words, where it needs any. */
  readonly read?: (answer: unknown, rooms: ReadonlyMap<number, string>) => unknown;
  /** The label of a request that may be granted before those who wait. */
  readonly stealer?: string;
  /** What was told to whom, for what those who wait believe. */
  readonly told?: (said: unknown) => readonly (readonly [Ref, Answer])[];
}

/** What the actions of a run go by. */
export interface Scene {
  readonly model: LockModel;
  /** What is stored before the call. */
  readonly observed: ServerState;
  /** Every room that a Python request of this run was given. */
  readonly pythonRooms: number[];
  /** How a lease was adopted last. */
  adopted: Adoption | undefined;
}

/** A lease that moves. */
export interface Adoption {
  readonly ref: Ref;
  readonly heir: { readonly key: string; readonly number: number };
}

export const always = (): boolean => true;
export const never = (): boolean => false;
