import { eventsNamed, labelOf, recordsOf, wasGranted, type Reading, type Request } from '../reading.js';
import { stolenFromMs } from '../theft.js';
import type { Violation } from '../violation.js';

/** What a caller of `acquire` is told to expect when the service is disturbed. */
const EXPECTED_REJECTIONS: ReadonlySet<string> = new Set([
  'busy',
  'LOCK_TIMEOUT',
  'LOCK_CONNECTION',
  // Its manager was closed while it waited.
  'LOCK_CLOSED',
  // The caller's own signal.
  'TimeoutError',
]);
const EXPECTED_LOSSES: ReadonlySet<string> = new Set(['expired', 'forgotten-by-server', 'stolen']);
const EXPECTED_OF_HOLDERS: ReadonlySet<string> = new Set(['LOCK_CONNECTION', 'LOCK_LOST', 'LOCK_CLOSED']);

/** Users see what the documentation says they see, and no process ends by itself. */
export function checkOutcomes(run: Reading): Violation[] {
  const exits = eventsNamed(run.records, 'exited').filter(({ isExpected }) => !isExpected);
  return [
    ...exits.map((exit): Violation => ({
      rule: 'outcome',
      what: `${exit.target} ended by itself: ${exit.end}`,
      records: [exit],
    })),
    ...run.requests.flatMap((request) => checkRequest(request, run)),
    ...eventsNamed(run.records, 'watch-failed')
      .filter(({ code }) => code !== 'LOCK_CONNECTION')
      .map((failed): Violation => ({
        rule: 'outcome',
        what: `a watch: ${failed.message}`,
        records: [failed],
      })),
  ];
}

function checkRequest(request: Request, run: Reading): Violation[] {
  const { rejected, released, aborted, handedOn, requested, origin } = request;
  const wrong: string[] = [];
  const expected = origin === undefined ? EXPECTED_REJECTIONS : EXPECTED_OF_HOLDERS;
  if (rejected !== undefined && !expected.has(rejected.code)) wrong.push(`rejected: ${rejected.message}`);
  if (typeof handedOn?.result === 'string' && !EXPECTED_OF_HOLDERS.has(handedOn.result))
    wrong.push(`not handed on: ${handedOn.result}`);
  if (rejected?.code === 'TimeoutError' && requested.abortAfterMs === null) wrong.push('aborted by nobody');
  if (aborted !== undefined && !EXPECTED_LOSSES.has(aborted.reason)) wrong.push(`lost: ${aborted.reason}`);
  if (aborted?.reason === 'stolen' && isStolenByNobody(request, aborted.atMs, run))
    wrong.push('stolen by nobody');
  const isOddRelease = typeof released?.result === 'string' && released.result !== 'LOCK_CONNECTION';
  if (isOddRelease) wrong.push(`release: ${String(released?.result)}`);
  return wrong.map((what) => ({
    rule: 'outcome',
    what: `${labelOf(request)}: ${request.id} ${what}`,
    records: recordsOf(request),
  }));
}

function isStolenByNobody(request: Request, atMs: number, run: Reading): boolean {
  return wasGranted(request) && stolenFromMs(request, run) > atMs;
}
