import { LockManager } from '../../index.js';
import type { ConnectionSettings } from '../connection-options.js';
import { asOperator } from './operator.js';

/** As a {@link LockManager} takes them. */
export interface ManagerSettings extends ConnectionSettings {
  readonly owner?: string | undefined;
}

/**
 * For what goes on until it is ended: a manager connects again by itself. It would also set the locks up where there are
 * none: that is looked at before.
 *
 * @throws LockOptionsError, LockConnectionError, LockPermissionError, LockSetupError
 */
export async function withManager(
  settings: ManagerSettings,
  use: (manager: LockManager) => Promise<void>,
): Promise<void> {
  await asOperator(settings, () => Promise.resolve());
  const manager = new LockManager(settings);
  try {
    await use(manager);
  } finally {
    await manager.close();
  }
}
