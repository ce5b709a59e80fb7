import { useRef, useState } from 'preact/hooks';
import type { LockView } from '../messages.js';
import { EventList } from './event-list.js';
import { BY_NAME, sortedRows } from './lock-rows.js';
import { LockTable } from './lock-table.js';
import { Timeline } from './timeline.js';
import type { ViewState } from './view-state.js';
import { WaitChart } from './wait-chart.js';

interface ListPageProps {
  readonly view: ViewState;
  readonly nowMs: number;
  readonly search: string;
  readonly onSearch: (search: string) => void;
  /** The lock that somebody comes back from. */
  readonly startName: string | undefined;
}

/** All locks that somebody holds or waits for. */
export function ListPage({ view, nowMs, search, onSearch, startName }: ListPageProps) {
  const [sorting, setSorting] = useState(BY_NAME);
  const before = useRef<readonly LockView[]>([]);
  const rows = sortedRows(view.locks, before.current, search, sorting);
  before.current = rows;
  return (
    <main class="list">
      <div class="search">
        <label for="search">Search names and owners</label>
        <input
          id="search"
          type="search"
          dir="auto"
          autocomplete="off"
          spellcheck={false}
          value={search}
          onInput={(event) => onSearch(event.currentTarget.value)}
        />
        <Counts locks={view.locks} rows={rows} />
      </div>
      <div class="with-aside">
        <section class="card locks" aria-labelledby="locks-title">
          <h1 id="locks-title">Locks</h1>
          {rows.length === 0 ? (
            <p class="nothing">{emptyText(view, search)}</p>
          ) : (
            <LockTable {...{ rows, nowMs, sorting, startName }} onSort={setSorting} />
          )}
        </section>
        <div class="aside">
          <WaitChart view={view} />
          <EventList view={view} />
        </div>
      </div>
      <Timeline view={view} rows={rows} isFiltered={search.trim() !== ''} />
    </main>
  );
}

function Counts({ locks, rows }: { locks: ReadonlyMap<string, LockView>; rows: readonly LockView[] }) {
  const sum = (count: (lock: LockView) => number): string =>
    rows.reduce((all, lock) => all + count(lock), 0).toLocaleString();
  const of = rows.length === locks.size ? '' : ` of ${locks.size.toLocaleString()}`;
  return (
    <p class="counts">
      <b>{rows.length.toLocaleString()}</b>
      {of} locks, <b>{sum(({ heldCount }) => heldCount)}</b> held,{' '}
      <b>{sum(({ waitingCount }) => waitingCount)}</b> waiting
    </p>
  );
}

function emptyText({ locks, status }: ViewState, search: string): string {
  if (locks.size > 0) return `No lock and no owner has “${search.trim()}” in its name.`;
  return status.state === 'live' ? 'No locks are held, and nobody waits.' : 'Nothing is known yet.';
}
