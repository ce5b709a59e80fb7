import { Privileges } from '../../model/accounts/privileges.js';
import type { Value } from '../../model/values/value.js';

/** Names that have a value everywhere, unless a variable hides them. */
export const constants: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['QUERY', BigInt(Privileges.query)],
  ['CHANGE', BigInt(Privileges.change)],
  ['JOIN', BigInt(Privileges.join)],
  ['RUN', BigInt(Privileges.run)],
  ['GRANT', BigInt(Privileges.grant)],
  ['USER', BigInt(Privileges.user)],
  ['FULL', BigInt(Privileges.full)],
  ['DEBUG', 0n],
  ['INFO', 1n],
  ['WARNING', 2n],
  ['ERROR', 3n],
  ['CRITICAL', 4n],
  ['NO_IDS', 32n],
  ['INT_MIN', -9223372036854775808n],
  ['INT_MAX', 9223372036854775807n],
  ['MATH_E', Math.E],
  ['MATH_PI', Math.PI],
  ['WPO', 2n],
  ['HID', 4n],
  ['IDX', 8n],
]);
