import type { ServerState } from './server-state.js';

/** A call that a procedure refused or that failed, by its code. */
export interface Failed {
  readonly code: number;
}

/** A message in a room: an event, or that the room is gone. */
export interface Heard {
  readonly room: number;
  readonly event: string;
  readonly args: readonly (number | string | boolean)[];
}

export const ROOM_GONE = 'room gone';

/** A ThingsDB with the schema installed, as the model test sees it. */
export interface Subject {
  /** Calls a procedure; integers are numbers in the answer. */
  call(procedure: string, args: readonly unknown[]): Promise<unknown>;
  state(): Promise<ServerState>;
  join(rooms: Iterable<number>): Promise<void>;
  /** What has been heard since this was last asked, in order. */
  takeHeard(): Heard[];
  /** The server's time of the last call (microseconds). @param seen the times that it has left behind */
  timeOf(seen: readonly number[]): number;
  /** How many names may be watched. */
  readonly mostWatches: number;
  /** Only where the test moves time. */
  readonly bench: Bench | undefined;
}

/** What can be done to a server that is in the test's hand. */
export interface Bench {
  /** Changes made so far. */
  readonly changes: number;
  readonly nowMs: number;
  /** Microseconds, as the procedures reckon it. */
  readonly now: number;
  /** The next time at which the server looks after its tasks, if it is going to. */
  readonly nextLookMs: number | undefined;
  /** Moves time on and lets the server look, where that comes. Not past {@link nextLookMs}. */
  moveTo(ms: number): void;
  /** Moves time on without the server looking. */
  jumpTo(ms: number): void;
  snapshot(): unknown;
  restore(snapshot: unknown): void;
  /** Deletes the sweeper, as a server does with the tasks of a user that is deleted. */
  loseSweeper(): void;
}

/** True for what {@link Subject.call} gives when the server raised an error. */
export function isFailed(answer: unknown): answer is Failed {
  return typeof answer === 'object' && answer !== null && 'code' in answer;
}
