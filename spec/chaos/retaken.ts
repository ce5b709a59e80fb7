import { lingers, type Granted } from './reading.js';

/** Whether a lease that lingered was taken again by its own process: there is an earlier one with its token. */
export function isRetaken(lease: Granted, leases: readonly Granted[]): boolean {
  return (
    lingers(lease) &&
    leases.some(
      (other) =>
        other.granted.token === lease.granted.token &&
        other.process === lease.process &&
        other.granted.atMs < lease.granted.atMs,
    )
  );
}
