import type { Summary } from './statistics.js';
import type { Figure } from './workloads/workload.js';

/** What a run of the benchmarks writes down. */
export interface Result {
  /** Raised when what is written here changes its meaning. */
  readonly format: 1;
  readonly workloads: readonly WorkloadResult[];
}

export interface WorkloadResult {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly figures: readonly Figure[];
  readonly conditions: Conditions;
  readonly systems: readonly SystemResult[];
}

/** Under which the figures were measured. */
export interface Conditions {
  readonly at: string;
  readonly version: string;
  readonly commit: string;
  readonly node: string;
  readonly kernel: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly rounds: number;
  readonly durationMs: number;
  readonly processes: number;
}

export interface SystemResult {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly isOurs: boolean;
  /** Name and version of its server. */
  readonly server?: string;
  /** Why there are no figures: what is not here, or what failed. */
  readonly unavailable?: string;
  /** Of each figure, the samples of each round. */
  readonly rounds: readonly Readonly<Record<string, readonly number[]>>[];
  readonly summaries: Readonly<Record<string, Summary>>;
}
