import type { Terms } from '../../lib/request/request.js';

/** What a caller asks for who gives no options but a ttl of a minute. */
export const OWN_TERMS: Terms = {
  names: ['my-lock'],
  units: 1,
  limit: 1,
  how: 'acquire',
  ttlMs: 60_000,
  perTurnMs: 60_000,
  autoRenew: true,
  maxHoldMs: Infinity,
  minHoldMs: 0,
  lingerMs: 0,
  waitTimeoutMs: undefined,
  confirmGrants: false,
  clockSkewMs: 0,
  doubtMs: 5_000,
};
