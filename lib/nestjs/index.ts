/**
 * `thingsdb-lock/nestjs`: locks for NestJS 10 and 11.
 *
 * @module thingsdb-lock/nestjs
 */
export { CurrentLease, type LeaseParameter, type TakesLease } from './current-lease.js';
export { Exclusive, Shared, type FittingMethod, type LockedMethod } from './exclusive.js';
export { LockExceptionFilter } from './lock-exception-filter.js';
export { LockHealthIndicator, type LockHealth } from './lock-health-indicator.js';
export { LockModule } from './lock-module.js';
export type { LockModuleAsyncOptions, LockModuleExtras, LockModuleOptions } from './lock-module-options.js';
export type { LockNames, LockedMethodOptions, SkippingMethodOptions } from './locked-method-options.js';
export { getLockManagerToken, InjectLockManager } from './manager-token.js';
