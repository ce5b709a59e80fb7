/** What a user may do with the locks, beyond each other. */
export type Use = 'lock' | 'look' | 'ask' | 'force-release' | 'steal';

/** A call that says whether the user may run the procedure: its arguments are refused before anything is done. */
export interface Probe {
  readonly procedure: string;
  readonly args: readonly unknown[];
}

/** What is wanted for each use. */
export const PROBES: Readonly<Record<Use, readonly Probe[]>> = {
  lock: [
    { procedure: 'lock_batch', args: [null, '', '', []] },
    { procedure: 'lock_change', args: [null, '', '', []] },
    { procedure: 'lock_close', args: [''] },
    { procedure: 'lock_locked', args: [''] },
    { procedure: 'lock_fence', args: ['', 0] },
  ],
  look: [
    { procedure: 'lock_query', args: [null, '', 0] },
    { procedure: 'lock_watch', args: [null] },
  ],
  ask: [{ procedure: 'lock_ask', args: ['', ''] }],
  'force-release': [{ procedure: 'lock_force_release', args: [''] }],
  steal: [{ procedure: 'lock_steal', args: ['', '', []] }],
};
