import type { HistoryRecord } from './history.js';

/** What holds in every run, whatever happens. */
export const RULES = {
  together: 'leases live at once that exclude each other',
  section: 'a critical section outside its lease, neither paused nor told',
  tokens: 'a fencing token that did not grow',
  resource: 'an older token accepted after a newer by the guarded resource',
  fifo: 'a request overtaken in the queue',
  'wake-up': 'a request left behind',
  signal: 'a signal later than the end of its lease',
  'early-end': 'a lease ended before its time by a server that had lost nothing',
  outcome: 'an outcome that no user is told to expect',
  watch: 'a watch that told what was not, or not what was',
  left: 'something left in the collection',
} as const;

export type Rule = keyof typeof RULES;

/** A rule that is broken, with the part of the history that shows it. */
export interface Violation {
  readonly rule: Rule;
  readonly what: string;
  readonly records: readonly HistoryRecord[];
}
