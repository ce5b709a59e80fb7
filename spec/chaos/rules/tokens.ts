import { allFit } from '../fit.js';
import { mayBeForgotten } from '../lease-span.js';
import {
  groupBy,
  groupByName,
  lingers,
  recordsOf,
  wasGranted,
  type Granted,
  type Reading,
} from '../reading.js';
import { isRetaken } from '../retaken.js';
import { stolenFromMs } from '../theft.js';
import type { Violation } from '../violation.js';

/**
 * Fencing tokens grow in the order of the grants, also when the server has lost state. Of two grants the order is known
 * where the first had been told before the second was asked for.
 */
export function checkTokens(run: Reading): Violation[] {
  return [...groupByName(run.grants)].flatMap(([name, leases]) => [
    ...checkUnique(name, leases.filter(isGranted)),
    ...checkGrowing(name, leases.filter(isGranted), run),
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
    same.length === 1 || isOneLease(same)
      ? []
      : [violation(same, `${same.length} grants of "${name}" have one token`)],
  );
}

/** A lease that lingers is taken again by its own process, when whoever had it has given it back. */
function isOneLease(leases: readonly Granted[]): boolean {
  const inOrder = [...leases].sort((a, b) => a.granted.atMs - b.granted.atMs);
  return inOrder.every((lease, i) => {
    const before = inOrder[i - 1];
    if (!lingers(lease) || before === undefined) return lingers(lease);
    return (
      before.process === lease.process &&
      before.released?.result === true &&
      (before.releasing?.atMs ?? Infinity) <= lease.granted.atMs
    );
  });
}

/** Its process had it still: beside the newer one, or it did not know better, as it was stolen or forgotten. */
function isOldNews(lease: Granted, newest: Granted, leases: readonly Granted[], run: Reading): boolean {
  if (!isRetaken(lease, leases)) return false;
  return (
    allFit([newest, lease]) || stolenFromMs(lease, run) <= lease.granted.atMs || mayBeForgotten(lease, run)
  );
}

function checkGrowing(name: string, leases: readonly Granted[], run: Reading): Violation[] {
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
    const isLower = newest !== undefined && newest.granted.token > lease.granted.token;
    if (newest !== undefined && isLower && !isOldNews(lease, newest, leases, run)) {
      const what = `"${name}": the token of ${lease.id} is lower than that of ${newest.id}, granted before`;
      violations.push(violation([newest, lease], what));
    }
  }
  return violations;
}

function violation(leases: readonly Granted[], what: string): Violation {
  return { rule: 'tokens', what, records: leases.flatMap(recordsOf) };
}
