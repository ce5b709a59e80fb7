import { AsyncLocalStorage } from 'node:async_hooks';
import type { HeldLease } from './held-lease.js';

/**
 * A `runExclusive` that code runs inside of. Whatever that code starts (a timer, a listener) keeps its section
 * reachable for as long as it lives. So a section that has ended holds on to nothing.
 */
interface Section {
  /** Whose locks: those of another manager may be other locks of the same name. */
  of: object | undefined;
  lease: HeldLease | undefined;
  outer: Section | undefined;
}

const NONE: readonly HeldLease[] = [];
const sections = new AsyncLocalStorage<Section | undefined>();

/** Runs `fn` as the section of a lease. It ends when what `fn` gives has settled. */
export async function insideOf<T>(of: object, lease: HeldLease, fn: () => Promise<T> | T): Promise<T> {
  const section: Section = { of, lease, outer: openSection(sections.getStore()) };
  try {
    return await sections.run(section, fn);
  } finally {
    section.of = undefined;
    section.lease = undefined;
  }
}

/**
 * Runs `fn`, and what it starts, outside of every `runExclusive` that the caller is inside of. A lock that the caller
 * holds is then waited for like anybody else's. For work that is started inside, but may go on afterwards: a listener,
 * a timer, something that is not awaited.
 *
 * @example
 * await lock.runExclusive(() => {
 *   outside(() => setTimeout(() => void lock.runExclusive(tidyUp), 1_000));
 * });
 */
export function outside<T>(fn: () => T): T {
  return sections.run(undefined, fn);
}

/** The leases of the sections that the running code is inside of, the innermost first. */
export function leasesAround(of: object): readonly HeldLease[] {
  const innermost = sections.getStore();
  if (innermost === undefined) return NONE;
  const leases: HeldLease[] = [];
  for (let section = openSection(innermost); section !== undefined; section = section.outer) {
    if (section.of === of && section.lease?.isHolding) leases.push(section.lease);
    section.outer = openSection(section.outer);
  }
  return leases;
}

/** Whether the running code is inside of a section of these locks. */
export function isInside(of: object): boolean {
  return sections.getStore() !== undefined && leasesAround(of).length > 0;
}

/** The innermost that has not ended. */
function openSection(section: Section | undefined): Section | undefined {
  let open = section;
  while (open !== undefined && open.lease === undefined) open = open.outer;
  // Those that have ended are forgotten on the way: their chain would grow with every section in a row.
  if (section !== undefined && section !== open) section.outer = open;
  return open;
}
