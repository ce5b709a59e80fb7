import { HARNESS } from './history.js';
import { overlaps } from './lease-span.js';
import { concerns, earliestMs, type Reading, type Span } from './reading.js';

/** What was done to a process or to the service is felt for so long: a time-out, and connecting again. */
const AFTERMATH_MS = 5_000;

/** Whether anything can have kept the process, or all, from what they do: it did not run, or had no server. */
export function isDisturbed(process: string, span: Span, run: Reading): boolean {
  const hit = { fromMs: span.fromMs - AFTERMATH_MS, toMs: span.toMs };
  return (
    run.faults.some(
      (fault) =>
        fault.kind !== 'step-clock' &&
        concerns(fault, process) &&
        overlaps({ fromMs: earliestMs(fault), toMs: fault.toMs }, hit),
    ) || [process, HARNESS].some((name) => (run.pauses.get(name) ?? []).some((pause) => overlaps(pause, hit)))
  );
}
