import { eventsNamed, labelOf, recordsOf, type Reading, type Request } from '../reading.js';
import type { Violation } from '../violation.js';

/** What a caller of `acquire` is told to expect when the service is disturbed. */
const EXPECTED_REJECTIONS: ReadonlySet<string> = new Set([
  'busy',
  'LOCK_TIMEOUT',
  'LOCK_CONNECTION',
  // The caller's own signal.
  'TimeoutError',
]);
const EXPECTED_LOSSES: ReadonlySet<string> = new Set(['expired', 'forgotten-by-server']);

/** Users see what the documentation says they see, and no process ends by itself. */
export function checkOutcomes(run: Reading): Violation[] {
  const exits = eventsNamed(run.records, 'exited').filter(({ isExpected }) => !isExpected);
  return [
    ...exits.map((exit): Violation => ({
      rule: 'outcome',
      what: `${exit.target} ended by itself: ${exit.end}`,
      records: [exit],
    })),
    ...run.requests.flatMap(checkRequest),
  ];
}

function checkRequest(request: Request): Violation[] {
  const { rejected, released, aborted, requested } = request;
  const wrong: string[] = [];
  if (rejected !== undefined && !EXPECTED_REJECTIONS.has(rejected.code))
    wrong.push(`rejected: ${rejected.message}`);
  if (rejected?.code === 'TimeoutError' && requested.abortAfterMs === null) wrong.push('aborted by nobody');
  if (aborted !== undefined && !EXPECTED_LOSSES.has(aborted.reason)) wrong.push(`lost: ${aborted.reason}`);
  const isOddRelease = typeof released?.result === 'string' && released.result !== 'LOCK_CONNECTION';
  if (isOddRelease) wrong.push(`release: ${String(released?.result)}`);
  return wrong.map((what) => ({
    rule: 'outcome',
    what: `${labelOf(request)}: ${request.id} ${what}`,
    records: recordsOf(request),
  }));
}
