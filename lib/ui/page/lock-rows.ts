import type { LockView } from '../messages.js';

export type SortKey = 'name' | 'owner' | 'mode' | 'since' | 'left' | 'waiting';

export interface Sorting {
  readonly key: SortKey;
  readonly isDescending: boolean;
}

export const BY_NAME: Sorting = { key: 'name', isDescending: false };

const firstOf = ({ held }: LockView): LockView['held'][number] | undefined => held[0];

/** Since when it is held; later than everything if it is not. */
export const heldSince = ({ held }: LockView): number => Math.min(...held.map(({ sinceMs }) => sinceMs));
/** When the first of its leases ends. */
export const endsFirst = ({ held }: LockView): number => Math.min(...held.map(({ endsMs }) => endsMs));

const VALUES: Readonly<Record<SortKey, (lock: LockView) => string | number>> = {
  name: ({ name }) => name,
  owner: (lock) => firstOf(lock)?.owner ?? '',
  mode: (lock) => firstOf(lock)?.mode ?? '',
  since: heldSince,
  left: endsFirst,
  waiting: ({ waitingCount }) => waitingCount,
};

/** Whether a lock is looked for: by its name, or by who holds it or waits. Upper and lower case are the same. */
export function isFound(lock: LockView, search: string): boolean {
  const has = (text: string): boolean => text.toLowerCase().includes(search);
  return (
    has(lock.name) ||
    lock.held.some(({ owner }) => has(owner)) ||
    lock.waiting.some(({ owner }) => has(owner))
  );
}

/**
 * The rows of the table. Begins from the order of before, which is nearly the new one. To sort thousands of rows that
 * are nearly in order takes a comparison for each.
 */
export function sortedRows(
  locks: ReadonlyMap<string, LockView>,
  before: readonly LockView[],
  search: string,
  { key, isDescending }: Sorting,
): readonly LockView[] {
  const words = search.trim().toLowerCase();
  const isShown = (lock: LockView): boolean => words === '' || isFound(lock, words);
  const kept = new Set<string>();
  const rows: LockView[] = [];
  for (const { name } of before) {
    const lock = locks.get(name);
    if (lock === undefined || !isShown(lock)) continue;
    kept.add(name);
    rows.push(lock);
  }
  for (const lock of locks.values()) if (!kept.has(lock.name) && isShown(lock)) rows.push(lock);
  const value = VALUES[key];
  const sign = isDescending ? -1 : 1;
  // Equal ones by their names: the order is the same each time.
  return rows.sort((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a !== b) return a < b ? -sign : sign;
    return one.name < other.name ? -1 : 1;
  });
}
