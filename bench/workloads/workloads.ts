import { deadHolder } from './dead-holder.js';
import { drain } from './drain.js';
import { freeName } from './free-name.js';
import { growth } from './growth.js';
import { handOver } from './hand-over.js';
import { lingering, lingeringOnThreeNodes } from './lingering.js';
import { manyNames, threeNodes } from './many-tasks.js';
import { memory } from './memory.js';
import { renewal } from './renewal.js';
import type { Workload } from './workload.js';

/** All of them, in their order. */
export const WORKLOADS: readonly Workload[] = [
  freeName,
  manyNames,
  handOver,
  drain,
  deadHolder,
  growth,
  threeNodes,
  memory,
  renewal,
  lingering,
  lingeringOnThreeNodes,
];
