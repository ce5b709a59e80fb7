/**
 * `thingsdb-lock/testing`: a ThingsDB for tests, in the test's own process. It keeps nothing on disk.
 *
 * @module thingsdb-lock/testing
 */
export type { Clock } from '../embedded/engine/engine.js';
export type { FaultOrders } from '../embedded/protocol/faults.js';
export type { EmbeddedFaultOrders } from './embedded-faults.js';
export { ManualClock } from './manual-clock.js';
export {
  type EmbeddedThingsDB,
  type Privilege,
  type Snapshot,
  type StartOptions,
  startThingsDB,
  type TestUser,
} from './start-thingsdb.js';
