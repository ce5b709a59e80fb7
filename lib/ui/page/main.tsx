import { render } from 'preact';
import { App } from './app.js';
import { EventLink } from './event-link.js';
import './page.css';
import { ViewContext } from './use-view.js';
import { ViewState } from './view-state.js';

const view = new ViewState();
const place = document.getElementById('app');
if (place === null) throw new Error('the page has no place for the view');
render(
  <ViewContext.Provider value={view}>
    <App />
  </ViewContext.Provider>,
  place,
);
new EventLink(view).open();
