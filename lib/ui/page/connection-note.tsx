import { clockText } from './time-text.js';
import type { ViewState } from './view-state.js';

export interface Connection {
  readonly state: 'live' | 'connecting' | 'away';
  readonly text: string;
}

/** Whether what is shown is what is. */
export function connectionOf({ link, status }: ViewState): Connection {
  if (link === 'lost') {
    return { state: 'away', text: 'The live view does not answer. This is what it has told last.' };
  }
  if (link === 'connecting' || status.state === 'connecting')
    return { state: 'connecting', text: 'Connecting' };
  if (status.state === 'away') {
    return { state: 'away', text: `ThingsDB is out of reach: ${status.reason ?? 'it does not answer'}` };
  }
  return { state: 'live', text: 'Live' };
}

export function ConnectionNote({ view }: { readonly view: ViewState }) {
  const { state, text } = connectionOf(view);
  const gap = view.gaps.at(-1);
  return (
    <div class="notes">
      <p class={`connection ${state}`}>
        <span class="dot" aria-hidden="true" />
        {text}
      </p>
      {gap === undefined ? null : (
        <p class="faint">
          Not seen: {clockText(gap.fromMs)} to {clockText(gap.toMs)}
        </p>
      )}
      {view.status.omitsNames ? <p class="soon">There are more names than are shown.</p> : null}
    </div>
  );
}
