import { Inject, type InjectionToken } from '@nestjs/common';
import { LockManager } from '../lock-manager.js';

/**
 * What the manager of this name is provided as: the class `LockManager` for the one without a name. For
 * `overrideProvider(getLockManagerToken())` in tests, and for `inject` of factories.
 */
export function getLockManagerToken(name?: string): InjectionToken<LockManager> {
  return name === undefined ? LockManager : `LockManager:${name}`;
}

/** Injects the manager of this name; without a name the one that `LockModule.forRoot()` was given none for. */
export function InjectLockManager(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getLockManagerToken(name));
}
