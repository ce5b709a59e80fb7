import type { Clock, Engine, Session, Wire } from '../embedded/engine/engine.js';

import { ThingsDBServer } from '../embedded/protocol/thingsdb-server.js';
import { createEngine } from '../embedded/engine/thingsdb-engine.js';
import { checkStartOptions } from './check-start-options.js';
import { ChangeHistory } from './change-history.js';
import { EmbeddedFaults, type EmbeddedFaultOrders } from './embedded-faults.js';
import { systemClock } from './system-clock.js';

/** The rights that ThingsDB knows. `USER` is all but `GRANT`; `FULL` is all. */
export type Privilege = 'QUERY' | 'CHANGE' | 'GRANT' | 'JOIN' | 'RUN' | 'USER' | 'FULL';

/** A user that exists from the start. */
export interface TestUser {
  readonly name: string;
  /** Without one the user cannot log in by password. */
  readonly password?: string;
  /** By scope, for example `{ '//stuff': ['RUN', 'CHANGE', 'JOIN'] }`. Collections in it are made where absent. */
  readonly access?: Readonly<Record<string, readonly Privilege[]>>;
}

/** What the server listens on, runs on, and begins with. */
export interface StartOptions {
  /** Of the WebSocket; any free one by default. */
  readonly port?: number;
  /** Of the plain TCP protocol; any free one by default. */
  readonly tcpPort?: number;
  /**
   * Whether small packages leave by TCP at once; default `true`. With `false` it is as with a real node. A package that
   * follows another closely is held back until the client's system has acknowledged the first. That takes up to 40 ms.
   */
  readonly tcpNoDelay?: boolean;
  /** A `ManualClock` to move time in the test; the machine's time by default. */
  readonly clock?: Clock;
  /** Of the user `admin`; `pass` by default, as on a fresh node. */
  readonly password?: string;
  /** Users besides `admin`, who has every right as on a fresh node. */
  readonly users?: readonly TestUser[];
  /** Collections besides `stuff`, which a fresh node has. */
  readonly collections?: readonly string[];
  /**
   * How many changes `faults.forgetLastChanges` can take back; none by default. Each that is kept is a copy of all that
   * is stored: meant for the few things of a test.
   */
  readonly history?: number;
}

/** A snapshot of everything stored. Only for the server that it was taken from. */
export interface Snapshot {
  readonly stored: unknown;
}

/** A server that runs; stop it with {@link EmbeddedThingsDB.close} or `await using`. */
export interface EmbeddedThingsDB extends AsyncDisposable {
  /** Over TCP: `thingsdb://127.0.0.1:<tcpPort>` */
  readonly url: string;
  /** Over WebSocket: `ws://127.0.0.1:<port>` */
  readonly wsUrl: string;
  /** Of the WebSocket. */
  readonly port: number;
  readonly tcpPort: number;
  /** The one given, or the machine's. */
  readonly clock: Clock;
  readonly faults: EmbeddedFaultOrders;
  /** Remembers everything that is stored: collections, procedures, users, tasks. */
  snapshot(): Snapshot;
  /** Puts back what was remembered. Connections stay; rooms that are no longer there have nobody in them. */
  restore(snapshot: Snapshot): void;
  /** Tells the clients that the node shuts down, and frees the ports. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts a ThingsDB inside this process. It is for tests and keeps nothing on disk: what was stored ends with it.
 *
 * It runs ThingsDB code, speaks ThingsDB's protocol over WebSocket and TCP on 127.0.0.1, and takes any client. It does
 * not do what a cluster does (several nodes, quorum, backups, modules): that raises an error which says so. It keeps
 * the process alive until it is closed.
 *
 * @throws TypeError for an option that is not known or a port that is none, and an `EADDRINUSE` error when a port that was
 *   asked for is taken.
 *
 * @example
 * await using db = await startThingsDB();
 * const locks = new LockManager({ url: db.url, auth: { username: 'admin', password: 'pass' } });
 */
export async function startThingsDB(options: StartOptions = {}): Promise<EmbeddedThingsDB> {
  checkStartOptions(options);
  const clock = options.clock ?? systemClock;
  const history = new ChangeHistory(options.history ?? 0);
  const faults = new EmbeddedFaults(history);
  const engine = createEngine({ clock: faults.clock(clock), beforeChange: () => history.remember() });
  try {
    await furnish(engine, options);
    // From here on: what a test has set up by options is not taken back.
    history.follow(engine);
    const { port = 0, tcpPort = 0, tcpNoDelay } = options;
    const server = await ThingsDBServer.listen({ engine, clock, faults, port, tcpPort, tcpNoDelay });
    return new RunningThingsDB(engine, server, faults, clock);
  } catch (error) {
    engine.close();
    throw error;
  }
}

class RunningThingsDB implements EmbeddedThingsDB {
  readonly url: string;
  readonly wsUrl: string;
  readonly port: number;
  readonly tcpPort: number;
  readonly #engine: Engine;
  readonly #server: ThingsDBServer;
  #closed: Promise<void> | undefined;

  constructor(
    engine: Engine,
    server: ThingsDBServer,
    readonly faults: EmbeddedFaultOrders,
    readonly clock: Clock,
  ) {
    this.#engine = engine;
    this.#server = server;
    this.url = server.url;
    this.wsUrl = server.wsUrl;
    this.port = server.port;
    this.tcpPort = server.tcpPort;
  }

  snapshot(): Snapshot {
    return { stored: this.#engine.snapshot() };
  }

  restore(snapshot: Snapshot): void {
    this.#engine.restore(snapshot.stored);
  }

  close(): Promise<void> {
    this.#closed ??= this.#server.close().finally(() => this.#engine.close());
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Makes the collections and users that were asked for, with the same code that an administrator would send. */
async function furnish(engine: Engine, options: StartOptions): Promise<void> {
  const { collections = [], users = [], password } = options;
  if (collections.length === 0 && users.length === 0 && password === undefined) return;
  const admin: Session = { push: () => undefined };
  engine.authenticate(admin, ['admin', 'pass']);
  const ask = async (code: string, vars: Record<string, Wire>): Promise<Wire> =>
    engine.query(admin, '@thingsdb', code, vars);
  const makeCollection = (name: string): Promise<Wire> =>
    ask('if (!has_collection(name)) { new_collection(name); };', { name });
  if (password !== undefined) await ask('set_password("admin", password);', { password });
  for (const name of collections) await makeCollection(name);
  for (const { name, password = null, access = {} } of users) {
    await ask('new_user(name); set_password(name, password);', { name, password });
    for (const [scope, privileges] of Object.entries(access)) {
      const collection = /^(?:\/\/|@:|\/c[a-z]*\/|@c[a-z]*:)(.+)$/.exec(scope)?.[1];
      if (collection !== undefined) await makeCollection(collection);
      // `privileges` are this module's own words, not the user's: they can stand in the code.
      await ask(`grant(scope, name, ${privileges.join('|')});`, { scope, name });
    }
  }
  engine.drop(admin);
}
