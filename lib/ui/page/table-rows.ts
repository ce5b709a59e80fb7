import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { LockView } from '../messages.js';

/** As in the style sheet. */
export const ROW_PX = 36;
/** Rows above and below those that are seen. */
const SPARE = 6;

export interface TableRows {
  readonly body: RefObject<HTMLDivElement | null>;
  /** The row that the keyboard is at. */
  readonly active: number;
  /** The rows that are in the document. */
  readonly first: number;
  readonly count: number;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onScroll: () => void;
  readonly onFocus: (name: string) => void;
}

/** Which rows are in the document, and which one the keyboard is at. At first that of `startName`, if it is given. */
export function useTableRows(rows: readonly LockView[], startName: string | undefined): TableRows {
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const height = useHeight(body);
  const [activeName, setActiveName] = useState(startName);
  const lastActive = useRef(0);
  const focusNext = useRef(startName);

  const found = activeName === undefined ? 0 : rows.findIndex(({ name }) => name === activeName);
  // Its lock is gone: the row that has come to its place takes over.
  const active = Math.max(0, Math.min(found === -1 ? lastActive.current : found, rows.length - 1));
  lastActive.current = active;
  const isLost = found === -1 && body.current?.contains(document.activeElement) === true;

  // With the row that it is for, and not later: by then another one could have the focus.
  useLayoutEffect(() => {
    const isAsked = focusNext.current !== undefined && focusNext.current === activeName;
    if (!isAsked && !isLost) return;
    if (isAsked) scrollTo(body.current, active);
    focusNext.current = undefined;
    body.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus({ preventScroll: true });
  });

  const onKeyDown = (event: KeyboardEvent): void => {
    const target = nextRow(event.key, active, Math.floor(height / ROW_PX), rows.length);
    const lock = target === undefined ? undefined : rows[target];
    if (target === undefined || lock === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (target === active) return scrollTo(body.current, target);
    focusNext.current = lock.name;
    setActiveName(lock.name);
  };
  return {
    body,
    active,
    first: Math.max(0, Math.floor(top / ROW_PX) - SPARE),
    count: Math.ceil(height / ROW_PX) + 2 * SPARE,
    onKeyDown,
    onScroll: () => setTop(body.current?.scrollTop ?? 0),
    onFocus: setActiveName,
  };
}

function useHeight(of: RefObject<HTMLElement | null>): number {
  const [height, setHeight] = useState(0);
  useLayoutEffect(() => {
    const element = of.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, [of]);
  return height;
}

function nextRow(key: string, active: number, page: number, count: number): number | undefined {
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    PageDown: active + page,
    PageUp: active - page,
    Home: 0,
    End: count - 1,
  };
  const target = targets[key];
  return target === undefined ? undefined : Math.max(0, Math.min(target, count - 1));
}

function scrollTo(body: HTMLElement | null, row: number): void {
  if (body === null) return;
  const [from, to] = [row * ROW_PX, (row + 1) * ROW_PX];
  if (from < body.scrollTop) body.scrollTop = from;
  else if (to > body.scrollTop + body.clientHeight) body.scrollTop = to - body.clientHeight;
}
