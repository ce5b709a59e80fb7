import { OWN_FAULTS } from '../fault-kinds.js';
import {
  earliestMs,
  eventsNamed,
  groupBy,
  labelOf,
  recordsOf,
  type Reading,
  type Request,
} from '../reading.js';
import type { Violation } from '../violation.js';
import { checkIdle } from './idle.js';

const AFTERMATH_MS = 5_000;

/** No request is left behind: each is settled, the last of each survivor is granted, no lock lies idle before a queue. */
export function checkWakeUps(run: Reading): Violation[] {
  return [...checkSettled(run), ...checkFinal(run), ...checkIdle(run)];
}

function checkSettled(run: Reading): Violation[] {
  // Where the nodes began to differ nobody has come to rest.
  const restMs = run.differMs === Infinity ? run.faultsOverMs : Infinity;
  const drained = new Set(eventsNamed(run.records, 'drained').map(({ process }) => process));
  return run.requests.flatMap((request) => {
    const { process, granted, rejected, released, handedOn } = request;
    if (rejected !== undefined || released !== undefined || handedOn?.result === true) return [];
    // The dead settle nothing.
    if (!drained.has(process) && (run.deaths.get(process) ?? Infinity) < restMs) return [];
    const what = `${request.id} was ${granted === undefined ? 'neither granted nor rejected' : 'not released'} when all had come to rest`;
    return [violation(request, what)];
  });
}

/** Only what a server does by itself can get between a survivor and its last locks, and it tries again then. */
function checkFinal(run: Reading): Violation[] {
  const troubles = run.faults.filter(({ kind }) => OWN_FAULTS.has(kind));
  const finals = run.requests.filter(({ requested }) => requested.isFinal);
  return [...groupBy(finals, (request) => `${request.process} ${labelOf(request)}`).values()].flatMap(
    (tries) =>
      tries.flatMap((request, i) => {
        if (request.rejected === undefined) return [];
        const { atMs } = request.rejected;
        const isLast = i === tries.length - 1;
        const isExcused = troubles.some(
          (trouble) => earliestMs(trouble) <= atMs && trouble.toMs + AFTERMATH_MS >= atMs,
        );
        if (isExcused && !isLast) return [];
        return [violation(request, `${request.id} was rejected although all faults were over`)];
      }),
  );
}

function violation(request: Request, what: string): Violation {
  return { rule: 'wake-up', what, records: recordsOf(request) };
}
