import { clientFor } from '../../lib/client/open-client.js';

/** The built-in client as thingsdb.js is used, for examples that load that: not every registry has it. */
class ThingsDB {
  constructor(url: string) {
    return clientFor(url);
  }
}

export default ThingsDB;
