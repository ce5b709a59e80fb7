import type { LockView } from '../messages.js';
import { endsFirst, heldSince, type SortKey, type Sorting } from './lock-rows.js';
import { NameText } from './name-text.js';
import { lockLink } from './lock-link.js';
import { ROW_PX, useTableRows } from './table-rows.js';
import { twoUnits } from '../two-units.js';

const COLUMNS: readonly { readonly by: SortKey; readonly title: string }[] = [
  { by: 'name', title: 'Name' },
  { by: 'owner', title: 'Held by' },
  { by: 'mode', title: 'Mode' },
  { by: 'since', title: 'Held for' },
  { by: 'left', title: 'Lease left' },
  { by: 'waiting', title: 'Waiting' },
];

interface TableProps {
  readonly rows: readonly LockView[];
  readonly nowMs: number;
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
  /** The lock that somebody comes back from. */
  readonly startName: string | undefined;
}

/** All locks, of which only the rows that are seen are in the document. The arrow keys go from one to the next. */
export function LockTable({ rows, nowMs, sorting, onSort, startName }: TableProps) {
  const { body, first, count, active, onFocus, ...handlers } = useTableRows(rows, startName);
  const shown = rows.slice(first, first + count).map((lock, i) => ({ lock, index: first + i }));
  const activeRow = rows[active];
  const isSeen = active >= first && active < first + count;
  // Also where it is scrolled out of sight: the focus may be in it.
  if (activeRow !== undefined && !isSeen) shown.push({ lock: activeRow, index: active });
  return (
    <div class="table" role="table" aria-label="Locks" aria-rowcount={rows.length + 1}>
      <div role="rowgroup" class="head">
        <div class="row" role="row" aria-rowindex={1}>
          {COLUMNS.map((column) => (
            <Heading key={column.by} {...column} sorting={sorting} onSort={onSort} />
          ))}
        </div>
      </div>
      <div class="rows" role="rowgroup" ref={body} {...handlers}>
        <div class="height" role="presentation" style={{ height: `${rows.length * ROW_PX}px` }}>
          {shown.map(({ lock, index }) => (
            <Row
              key={lock.name}
              {...{ lock, index, nowMs }}
              isActive={index === active}
              onFocus={() => onFocus(lock.name)}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

interface HeadingProps extends Pick<TableProps, 'sorting' | 'onSort'> {
  readonly by: SortKey;
  readonly title: string;
}

function Heading({ by, title, sorting, onSort }: HeadingProps) {
  const isBy = sorting.key === by;
  const direction = sorting.isDescending ? 'descending' : 'ascending';
  const arrow = sorting.isDescending ? '▼' : '▲';
  return (
    <div role="columnheader" class={`cell ${by}`} aria-sort={isBy ? direction : 'none'}>
      <button type="button" onClick={() => onSort({ key: by, isDescending: isBy && !sorting.isDescending })}>
        {title}
        <span aria-hidden="true">{isBy ? ` ${arrow}` : ''}</span>
      </button>
    </div>
  );
}

interface RowProps {
  readonly lock: LockView;
  readonly index: number;
  readonly isActive: boolean;
  readonly nowMs: number;
  readonly onFocus: () => void;
}

function Row({ lock, index, isActive, nowMs, onFocus }: RowProps) {
  const { name, held, waitingCount, isOurs } = lock;
  const isHeld = held.length > 0;
  return (
    <div class="row" role="row" aria-rowindex={index + 2} style={{ top: `${index * ROW_PX}px` }}>
      <div class="cell name" role="rowheader">
        <a href={lockLink(name)} tabIndex={isActive ? 0 : -1} onFocus={onFocus}>
          <NameText text={name} />
        </a>
      </div>
      <div class="cell owner" role="cell">
        {isOurs ? <span class="ours">this view</span> : <Owners lock={lock} />}
      </div>
      <div class="cell mode" role="cell">
        {modeText(lock)}
      </div>
      <div class="cell since" role="cell">
        {isHeld ? twoUnits(nowMs - heldSince(lock)) : ''}
      </div>
      <div class="cell left" role="cell">
        {isHeld ? <LeaseLeft endsMs={endsFirst(lock)} nowMs={nowMs} /> : ''}
      </div>
      <div class="cell waiting" role="cell">
        {waitingCount === 0 ? '' : <span class="count">{waitingCount}</span>}
      </div>
    </div>
  );
}

function Owners({ lock: { held, heldCount } }: Pick<RowProps, 'lock'>) {
  const [first] = held;
  if (first === undefined) return <span class="faint">nobody</span>;
  return (
    <>
      <NameText text={first.owner} />
      {heldCount > 1 ? <span class="faint"> and {heldCount - 1} more</span> : ''}
    </>
  );
}

/** What is left of a lease; `due` if it should have ended, and nothing was told yet. */
export function LeaseLeft({ endsMs, nowMs }: { readonly endsMs: number; readonly nowMs: number }) {
  const leftMs = endsMs - nowMs;
  return <span class={leftMs < 5_000 ? 'soon' : ''}>{leftMs <= 0 ? 'due' : twoUnits(leftMs)}</span>;
}

/** `2 of 3 permits` of a semaphore. */
function modeText({ held }: Pick<LockView, 'held'>): string {
  const [first] = held;
  if (first?.mode !== 'semaphore') return first?.mode ?? '';
  return `${held.reduce((sum, { count }) => sum + count, 0)} of ${first.permits} permits`;
}
