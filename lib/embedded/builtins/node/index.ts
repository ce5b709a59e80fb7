import type { BuiltIn } from '../../runtime/built-in.js';
import { counters, hasNode, nodeInfo, nodesInfo, resetCounters, setLogLevel, shutdown } from './node.js';
import { unsupportedFunctions } from './unsupported.js';

/** The functions of the `@node` scope, and those of `@thingsdb` that are about nodes. */
export const nodeFunctions: readonly BuiltIn[] = [
  nodeInfo,
  nodesInfo,
  counters,
  resetCounters,
  setLogLevel,
  hasNode,
  shutdown,
  ...unsupportedFunctions,
];
