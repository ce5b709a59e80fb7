import { groupBy, groupByName, recordsOf, wasGranted, type Granted, type Reading } from '../reading.js';
import type { Violation } from '../violation.js';

/**
 * Fencing tokens grow in the order of the grants, also when the server has lost state. Of two grants the order is known
 * where the first had been told before the second was asked for.
 */
export function checkTokens(run: Reading): Violation[] {
  return [...groupByName(run.grants)].flatMap(([name, leases]) => [
    ...checkUnique(name, leases.filter(isGranted)),
    ...checkGrowing(name, leases.filter(isGranted)),
    ...checkKept(leases),
  ]);
}

/** Not a lease that was granted to another request before. */
function isGranted({ origin }: Granted): boolean {
  return origin === undefined;
}

/** Whoever goes on with a lease has its token. */
function checkKept(leases: readonly Granted[]): Violation[] {
  return leases.flatMap((lease) => {
    const { origin } = lease;
    if (!wasGranted(origin) || origin.granted.token === lease.granted.token) return [];
    return [
      violation([origin, lease], `${lease.id} has adopted the lease of ${origin.id} with another token`),
    ];
  });
}

function checkUnique(name: string, leases: readonly Granted[]): Violation[] {
  return [...groupBy(leases, ({ granted }) => granted.token).values()].flatMap((same) =>
    same.length === 1 ? [] : [violation(same, `${same.length} grants of "${name}" have one token`)],
  );
}

function checkGrowing(name: string, leases: readonly Granted[]): Violation[] {
  const violations: Violation[] = [];
  const byGrant = [...leases].sort((a, b) => a.granted.atMs - b.granted.atMs);
  const byRequest = [...leases].sort((a, b) => a.requested.atMs - b.requested.atMs);
  let newest: Granted | undefined;
  let told = 0;
  for (const lease of byRequest) {
    for (let next = byGrant[told]; next !== undefined; next = byGrant[++told]) {
      if (next.granted.atMs >= lease.requested.atMs) break;
      if (newest === undefined || next.granted.token > newest.granted.token) newest = next;
    }
    if (newest !== undefined && newest.granted.token > lease.granted.token) {
      const what = `"${name}": the token of ${lease.id} is lower than that of ${newest.id}, granted before`;
      violations.push(violation([newest, lease], what));
    }
  }
  return violations;
}

function violation(leases: readonly Granted[], what: string): Violation {
  return { rule: 'tokens', what, records: leases.flatMap(recordsOf) };
}
