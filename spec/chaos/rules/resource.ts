import type { RecordOf } from '../history.js';
import { eventsNamed, type Reading } from '../reading.js';
import type { Violation } from '../violation.js';

/** A resource that checks tokens never takes a write with an older one after a write with a newer. */
export function checkResource(run: Reading): Violation[] {
  const violations: Violation[] = [];
  const newest = new Map<string, RecordOf<'wrote'>>();
  for (const write of eventsNamed(run.records, 'wrote')) {
    if (write.resource !== 'guarded' || !write.isAccepted) continue;
    const before = newest.get(write.name);
    if (before === undefined || write.token >= before.token) {
      newest.set(write.name, write);
      continue;
    }
    const what = `"${write.name}": a write of ${write.by} was accepted after one of ${before.by} with a newer token`;
    violations.push({ rule: 'resource', what, records: [before, write] });
  }
  return violations;
}
