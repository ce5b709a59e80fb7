import type { EventView } from '../messages.js';
import { NameText } from './name-text.js';
import { lockLink } from './lock-link.js';
import { twoUnits } from '../two-units.js';
import { clockText, waitText } from './time-text.js';
import type { ViewState } from './view-state.js';

const MOST_SHOWN = 30;

interface EventListProps {
  readonly view: ViewState;
  /** Of one lock, or of all. */
  readonly name?: string | undefined;
}

/** What has happened last, as text. */
export function EventList({ view, name }: EventListProps) {
  const events = latest(view, name);
  return (
    <section class="card" aria-labelledby="events-title">
      <h2 id="events-title">Events</h2>
      {view.untold > 0 ? (
        <p class="soon">{view.untold.toLocaleString()} events came too fast to be told one by one.</p>
      ) : null}
      {events.length === 0 ? (
        <p class="faint">Nothing has happened since this page looks.</p>
      ) : (
        <ol class="events">
          {events.map(({ event, number }) => (
            <li key={number}>
              <time>{clockText(event.atMs)}</time> <b class={event.kind}>{event.kind}</b>{' '}
              {name === undefined ? (
                <>
                  <a href={lockLink(event.name)}>
                    <NameText text={event.name} />
                  </a>{' '}
                </>
              ) : null}
              <span class="faint">
                by <NameText text={event.owner} />
                {detail(event)}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

interface NumberedEvent {
  readonly event: EventView;
  /** No other event has it: two may be alike in all else. */
  readonly number: number;
}

function latest({ events, firstEvent }: ViewState, name: string | undefined): NumberedEvent[] {
  const found: NumberedEvent[] = [];
  for (let i = events.length - 1; i >= 0 && found.length < MOST_SHOWN; i--) {
    const event = events[i];
    if (event !== undefined && (name === undefined || event.name === name)) {
      found.push({ event, number: firstEvent + i });
    }
  }
  return found;
}

function detail({ kind, atMs, waitedMs, sinceMs, reason }: EventView): string {
  if (waitedMs !== undefined && waitedMs > 0) return `, after a wait of ${waitText(waitedMs)}`;
  if (kind === 'adopted' || sinceMs === undefined) return '';
  const held = atMs - sinceMs;
  const why = reason === undefined ? '' : `: ${reason}`;
  return `${why}, after ${held < 60_000 ? waitText(Math.max(0, held)) : twoUnits(held)}`;
}
