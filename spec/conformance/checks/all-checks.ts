import type { Check } from '../check.js';
import { exclusion } from './exclusion.js';
import { faults } from './faults.js';
import { forged } from './forged.js';
import { lease } from './lease.js';
import { order } from './order.js';
import { waiting } from './waiting.js';

/** Everything that is asked of a client, in the order in which it is asked. */
export const CHECKS: readonly Check[] = [...exclusion, ...order, ...waiting, ...lease, ...forged, ...faults];
