import type { LockManager } from '../lock-manager.js';
import type { DrainOptions } from '../options/manager-options.js';

const drains = new WeakMap<LockManager, Promise<boolean>>();

/** Drains the manager. A second call waits for the same end. */
export function drainOnce(manager: LockManager, options: DrainOptions): Promise<boolean> {
  const begun = drains.get(manager) ?? manager.drain(options);
  drains.set(manager, begun);
  return begun;
}

/** Whether its application ends: the manager takes nothing new. */
export function isDraining(manager: LockManager): boolean {
  return drains.has(manager);
}
