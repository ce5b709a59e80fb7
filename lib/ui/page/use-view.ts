import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { ViewState } from './view-state.js';

export const ViewContext = createContext(new ViewState());

/** What the page shows; shown again after each change. */
export function useView(): ViewState {
  const view = useContext(ViewContext);
  const [, setVersion] = useState(view.version);
  useEffect(() => view.subscribe(() => setVersion(view.version)), [view]);
  return view;
}

/** The time by ThingsDB's clock; shown again whenever a second is over. */
export function useNow(view: ViewState): number {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  return view.nowMs();
}
