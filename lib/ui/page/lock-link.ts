const LOCK = '#/lock/';

/** The link to the page of a lock. */
export function lockLink(name: string): string {
  return `${LOCK}${encodeURIComponent(name)}`;
}

/** The lock whose page an address is; `undefined` for the list. */
export function lockIn(hash: string): string | undefined {
  if (!hash.startsWith(LOCK)) return undefined;
  try {
    return decodeURIComponent(hash.slice(LOCK.length)) || undefined;
  } catch {
    return undefined;
  }
}
