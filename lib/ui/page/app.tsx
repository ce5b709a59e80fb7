import { useEffect, useRef, useState } from 'preact/hooks';
import { Announcer } from './announcer.js';
import { connectionOf, ConnectionNote } from './connection-note.js';
import { ListPage } from './list-page.js';
import { LockPage } from './lock-page.js';
import { isFound } from './lock-rows.js';
import { useLockName } from './use-lock-name.js';
import { useNow, useView } from './use-view.js';
import type { ViewState } from './view-state.js';
import { visibleText } from './visible-text.js';

/** The whole page. */
export function App() {
  const view = useView();
  const nowMs = useNow(view);
  const name = useLockName();
  const [search, setSearch] = useState('');
  const opened = useRef<string>(undefined);
  if (name !== undefined) opened.current = name;
  useEffect(() => {
    document.title = name === undefined ? 'Locks' : `${visibleText(name)} – Locks`;
  }, [name]);
  return (
    <>
      <header>
        <p class="brand">
          <a href="#/">thingsdb-lock</a> <span class="faint">{view.place}</span>
        </p>
        <ConnectionNote view={view} />
      </header>
      {name === undefined ? (
        <ListPage {...{ view, nowMs, search }} onSearch={setSearch} startName={opened.current} />
      ) : (
        <LockPage view={view} name={name} nowMs={nowMs} />
      )}
      <Announcer text={announcement(view, name, search)} />
    </>
  );
}

/** What somebody has to hear who does not see the page. What changes all the time is not part of it. */
function announcement(view: ViewState, name: string | undefined, search: string): string {
  const { state, text } = connectionOf(view);
  if (state !== 'live') return text;
  if (name !== undefined) {
    const owners = view.locks.get(name)?.held.map(({ owner }) => visibleText(owner)) ?? [];
    return owners.length === 0 ? 'Nobody holds it' : `Held by ${owners.join(', ')}`;
  }
  const words = search.trim().toLowerCase();
  if (words === '') return text;
  let count = 0;
  for (const lock of view.locks.values()) if (isFound(lock, words)) count++;
  return count === 1 ? 'One lock found' : `${count} locks found`;
}
