const BYTES = 24;
/** Random bytes are drawn for so many ids at once: a draw costs more than what it draws. */
const IDS_AT_ONCE = 64;

const pool = Buffer.alloc(BYTES * IDS_AT_ONCE);
let used = pool.length;

/**
 * 32 characters of which each half is 96 random bits. Nobody can guess it, so knowing it is the right to what it names.
 */
export function randomId(): string {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const id = pool.toString('base64url', used, used + BYTES);
  used += BYTES;
  return id;
}
