import type { RecordOf, ResourceKind } from '../history.js';
import { eventsNamed, groupBy, type Reading } from '../reading.js';
import type { Violation } from '../violation.js';

type Write = RecordOf<'wrote'>;

/**
 * A resource never takes a write with an older token after a write with a newer one. One that remembers tokens itself
 * (`guarded`) never does. One that lives in the server (`fenced`: it asks `lock_fence`) goes back with the server: where
 * that loses its last changes, the writes among them are undone, and so are the grants that they were made under.
 */
export function checkResource(run: Reading): Violation[] {
  return [...check(run, 'guarded', () => true), ...check(run, 'fenced', stands)];
}

/** @param counts whether an accepted write is still there when another is accepted */
function check(
  run: Reading,
  kind: ResourceKind,
  counts: (earlier: Write, later: Write, run: Reading) => boolean,
): Violation[] {
  const accepted = eventsNamed(run.records, 'wrote').filter(
    ({ resource, isAccepted }) => resource === kind && isAccepted,
  );
  return [...groupBy(accepted, ({ name }) => name).values()].flatMap((writes) => {
    const violations: Violation[] = [];
    let newest: Write | undefined;
    for (const write of writes) {
      if (newest !== undefined && !counts(newest, write, run))
        newest = newestOf(writes.slice(0, writes.indexOf(write)).filter((one) => counts(one, write, run)));
      if (newest !== undefined && write.token < newest.token) violations.push(violation(newest, write));
      else newest = write;
    }
    return violations;
  });
}

/** Whether the server has not lost it before the later one. */
function stands(earlier: Write, later: Write, { faults }: Reading): boolean {
  return !faults.some(
    ({ lostSinceMs = Infinity, fromMs }) =>
      lostSinceMs <= earlier.atMs && earlier.atMs <= fromMs && fromMs <= later.atMs,
  );
}

function newestOf(writes: readonly Write[]): Write | undefined {
  return writes.reduce<Write | undefined>(
    (newest, write) => (newest === undefined || write.token >= newest.token ? write : newest),
    undefined,
  );
}

function violation(before: Write, write: Write): Violation {
  const what = `"${write.name}": a write of ${write.by} was accepted after one of ${before.by} with a newer token`;
  return { rule: 'resource', what, records: [before, write] };
}
