import type { Wish } from './lock-state.js';

const MOST_NAMES = 64;
/** The limit of a shared lock. */
export const SHARED = 2 ** 31 - 1;

/** Whether a client would ask for that. */
export function isSane({ names, units, limit }: Wish): boolean {
  const areNames = names.length >= 1 && names.length <= MOST_NAMES && names.every((name) => name !== '');
  return areNames && new Set(names).size === names.length && units >= 1 && units <= limit && limit <= SHARED;
}
