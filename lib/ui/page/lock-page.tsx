import { useLayoutEffect, useRef } from 'preact/hooks';
import type { HolderView, LockView, WaiterView } from '../messages.js';
import { EventList } from './event-list.js';
import { LockActions } from './lock-actions.js';
import { LeaseLeft } from './lock-table.js';
import { NameText } from './name-text.js';
import { twoUnits } from '../two-units.js';
import { Timeline } from './timeline.js';
import type { ViewState } from './view-state.js';
import { WaitChart } from './wait-chart.js';

interface LockPageProps {
  readonly view: ViewState;
  readonly name: string;
  readonly nowMs: number;
}

/** All that is known of one lock. */
export function LockPage({ view, name, nowMs }: LockPageProps) {
  const lock = view.locks.get(name) ?? freeLock(name);
  const title = useRef<HTMLHeadingElement>(null);
  // Who comes here by the keyboard goes on from here.
  useLayoutEffect(() => title.current?.focus(), [name]);
  return (
    <main class="lock">
      <p>
        <a href="#/">All locks</a>
      </p>
      <h1 tabIndex={-1} ref={title}>
        <NameText text={name} />
      </h1>
      {view.allowsChanges ? <LockActions key={name} lock={lock} /> : null}
      <div class="columns">
        <Holders lock={lock} nowMs={nowMs} />
        <Queue lock={lock} nowMs={nowMs} />
      </div>
      <Timeline view={view} name={name} rows={[lock]} isFiltered />
      <div class="columns">
        <WaitChart view={view} name={name} />
        <EventList view={view} name={name} />
      </div>
    </main>
  );
}

function freeLock(name: string): LockView {
  return { name, held: [], heldCount: 0, waiting: [], waitingCount: 0, isOurs: false };
}

function Holders({ lock: { held, heldCount, isOurs }, nowMs }: { lock: LockView; nowMs: number }) {
  return (
    <section class="card" aria-labelledby="holders-title">
      <h2 id="holders-title">{heldCount > 1 ? `Held by ${heldCount}` : 'Held by'}</h2>
      {held.length === 0 ? (
        <p class="faint">Nobody holds it.</p>
      ) : (
        <table aria-labelledby="holders-title">
          <thead>
            <tr>
              <th scope="col">Owner</th>
              <th scope="col">Mode</th>
              <th scope="col">Held for</th>
              <th scope="col">Lease left</th>
              <th scope="col">Token</th>
            </tr>
          </thead>
          <tbody>
            {held.map((holder) => (
              <tr key={holder.fencingToken}>
                <th scope="row">
                  <NameText text={holder.owner} />
                  {isOurs ? <span class="ours"> (this view)</span> : ''}
                  {holder.lingers ? <span class="faint"> may linger</span> : ''}
                </th>
                <td>{modeOf(holder)}</td>
                <td>{twoUnits(nowMs - holder.sinceMs)}</td>
                <td>
                  <LeaseLeft endsMs={holder.endsMs} nowMs={nowMs} />
                </td>
                <td class="token">{holder.fencingToken}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <More shown={held.length} all={heldCount} />
    </section>
  );
}

function Queue({ lock: { waiting, waitingCount }, nowMs }: { lock: LockView; nowMs: number }) {
  return (
    <section class="card" aria-labelledby="queue-title">
      <h2 id="queue-title">{waitingCount > 0 ? `Queue of ${waitingCount}` : 'Queue'}</h2>
      {waiting.length === 0 ? (
        <p class="faint">Nobody waits for it.</p>
      ) : (
        <table aria-labelledby="queue-title">
          <thead>
            <tr>
              <th scope="col">Place</th>
              <th scope="col">Owner</th>
              <th scope="col">Mode</th>
              <th scope="col">Waits for</th>
            </tr>
          </thead>
          <tbody>
            {waiting.map((waiter, i) => (
              <tr key={`${waiter.owner} ${waiter.sinceMs} ${i}`}>
                <td>{i + 1}</td>
                <th scope="row">
                  <NameText text={waiter.owner} />
                </th>
                <td>{modeOf(waiter)}</td>
                <td>{twoUnits(nowMs - waiter.sinceMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <More shown={waiting.length} all={waitingCount} />
    </section>
  );
}

function More({ shown, all }: { readonly shown: number; readonly all: number }) {
  return all > shown ? <p class="faint">and {all - shown} more</p> : null;
}

function modeOf({ mode, count, permits }: HolderView | WaiterView): string {
  return mode === 'semaphore' ? `${count} of ${permits} permits` : mode;
}
