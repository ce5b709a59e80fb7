import type { LockManager, ReleaseRequestedEvent } from '../../lib/index.js';
import { until } from './until.js';

/**
 * Asks the holders of a name to release it until each of them was told. What is sent before a manager is in its room is
 * not told: a node of a cluster may learn of the room a moment later than another.
 * @returns what each was told
 */
export async function untilAsked(
  asking: LockManager,
  name: string,
  holders: readonly LockManager[],
): Promise<ReleaseRequestedEvent[]> {
  const told = new Map<LockManager, ReleaseRequestedEvent>();
  for (const holder of holders) holder.once('releaseRequested', (event) => told.set(holder, event));
  await until(async () => {
    expect(await asking.requestRelease(name)).toBe(holders.length);
    return told.size === holders.length;
  });
  return holders.map((holder) => told.get(holder) as ReleaseRequestedEvent);
}
