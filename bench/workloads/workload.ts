import type { Stage } from '../stage.js';
import type { LockSystem } from '../systems/lock-system.js';

/** One number that a workload tells of a system. */
export interface Figure {
  readonly key: string;
  readonly title: string;
  /** Which way is better; undefined for a number that only explains. */
  readonly better?: 'more' | 'less';
  /** The documents show a plot of it. */
  readonly plotted?: boolean;
  /** Digits behind the point. */
  readonly digits?: number;
}

/**
 * What one round told, a number a figure. Several are of a round with several samples, none of one that cannot tell.
 */
export type Round = Readonly<Record<string, number | readonly number[] | undefined>>;

/** Measures a system round by round, with workers that live from the first to the last. */
export interface Run {
  round(): Promise<Round>;
}

export interface Workload {
  readonly id: string;
  readonly title: string;
  /** What is done, in a sentence or two. */
  readonly text: string;
  readonly figures: readonly Figure[];
  /** At the most so many rounds, for what is counted and not timed. */
  readonly mostRounds?: number;
  /** On three nodes; all others are on one. */
  readonly onCluster?: boolean;
  /** It measures what a library does beyond calling procedures. */
  readonly ofWholeLocks?: boolean;
  /** Why a system cannot be measured by it. */
  unfit?(system: LockSystem): string | undefined;
  start(stage: Stage): Promise<Run>;
}
