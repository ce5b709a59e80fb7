export { LockManager } from './lock-manager.js';
export { DistributedLock } from './distributed-lock.js';
export type { Lease } from './lease.js';
export type { Auth, Duration, LockManagerOptions, LockOptions } from './options.js';
export type {
  AcquiredEvent,
  DisconnectedEvent,
  ErrorEvent,
  ExtendedEvent,
  HolderEvent,
  LockEvents,
  LockManagerEvents,
  LostEvent,
  ReconnectingEvent,
  WaitingEvent,
} from './events.js';
export {
  LockConnectionError,
  LockError,
  LockLostError,
  LockNotHeldError,
  LockOptionsError,
  LockPermissionError,
  LockProtocolError,
  LockSetupError,
  LockTimeoutError,
  type LockErrorCode,
  type LostReason,
} from './errors.js';
export type { ThingsDBClient } from './client/thingsdb-client.js';
