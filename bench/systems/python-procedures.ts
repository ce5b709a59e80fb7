import { loadThingsDB } from '../../examples/load-thingsdb-js.js';
import type { ThingsDBClient } from '../../lib/client/thingsdb-client.js';
import { Unavailable } from '../unavailable.js';
import type { LockAdapter, LockSession } from './lock-system.js';
import { bareSpace, BARE_CHANGE, connected, ROOM_EVENT, TrafficCounter, urlsBy } from './thingsdb-client.js';

/** What `acquire` of the Python lock answers. */
type Answer = readonly [immediately: boolean, room: number, ahead: number];

/** The procedures of the Python lock, used as that library uses them, through thingsdb.js. */
export const pythonProcedures: LockAdapter = {
  open: async (place, space): Promise<LockSession> => {
    const counter = new TrafficCounter();
    const client = await connected(
      counter.watch(await newThingsDBJs(urlsBy('ws', place)[0] ?? '')),
      place.auth,
    );
    const turns = new Map<number, () => void>();
    client.addEventListener((type, message) => {
      if (type !== ROOM_EVENT) return;
      const { id, event } = message as { id: number; event: string };
      if (event === 'go') turns.get(id)?.();
    });
    const scope = `//${space}`;
    let change = 0;
    const turnOf = async (room: number): Promise<void> => {
      const told = new Promise<void>((resolve) => turns.set(room, resolve));
      await client.join(scope, room);
      // The event may have been missed before the join.
      if ((await client.run(scope, 'test', [room])) !== true) await told;
      turns.delete(room);
    };
    return {
      acquire: async (name, { ttlMs }) => {
        const answer = (await client.run(scope, 'acquire', [name, Math.ceil(ttlMs / 1_000)])) as Answer;
        const [immediately, room] = answer;
        if (!immediately) await turnOf(room);
        return { release: () => client.run(scope, 'release', [name, room]) };
      },
      bareChange: () => client.run(`//${bareSpace(space)}`, BARE_CHANGE, [++change]),
      traffic: () => counter.traffic,
      close: async () => void (await client.disconnect()),
    };
  },
};

/** @throws Unavailable where it is not installed: another client would be another system */
async function newThingsDBJs(url: string): Promise<ThingsDBClient> {
  try {
    return new (await loadThingsDB())(url);
  } catch (cause) {
    throw new Unavailable('thingsdb.js is not here: THINGSDB_JS=/path/to/its/built/file', { cause });
  }
}
