/**
 * Distributed locks on ThingsDB.
 *
 * @module thingsdb-lock
 */
export { LockManager } from './lock-manager.js';
export { DistributedLock } from './distributed-lock.js';
export type { Lease } from './lease.js';
export { outside } from './manager/sections.js';
export type {
  AcquireTrace,
  HoldTrace,
  LockChannels,
  LockMessage,
  LockTracingChannels,
  LostMessage,
  ManagerInfo,
  ReconnectMessage,
  ReleaseTrace,
  RenewalMessage,
  WaitingMessage,
} from './diagnostics/messages.js';
export { FencingGuard, type FencingEntry } from './fencing-guard.js';
export type { HeldInfo, LockInfo, LockSnapshot, PendingInfo } from './lock-info.js';
export {
  LockWatch,
  type LockWatchEvents,
  type WatchedEvent,
  type WatchedGrantEvent,
  type WatchedLossEvent,
  type WatchedRequestEvent,
} from './lock-watch.js';
export type { AdoptOptions, LockDefaults, LockOptions, SemaphoreOptions } from './options/lock-options.js';
export type { Auth, DrainOptions, LockManagerOptions, Pem, TlsOptions } from './options/manager-options.js';
export type { Duration } from './options/duration.js';
export type { Page } from './options/page.js';
export type { Emitter, Listener } from './emitter.js';
export type {
  AcquiredEvent,
  DisconnectedEvent,
  ErrorEvent,
  ExtendedEvent,
  HolderEvent,
  LockEvent,
  LockEvents,
  LockManagerEvents,
  LostEvent,
  ReconnectingEvent,
  ReleaseRequestedEvent,
  WaitingEvent,
} from './events.js';
export {
  isLockError,
  LockAmbiguousError,
  LockClosedError,
  LockConnectionError,
  LockDeadlockError,
  LockError,
  LockLimitError,
  LockLostError,
  LockNotHeldError,
  LockOptionsError,
  LockPermissionError,
  LockProtocolError,
  LockSetupError,
  LockTimeoutError,
  StaleTokenError,
  type AnyLockError,
  type LockErrorCode,
  type LostReason,
  type WaitFacts,
} from './errors.js';
export type { ThingsDBClient } from './client/thingsdb-client.js';
