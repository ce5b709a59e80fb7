import { randomBytes } from 'node:crypto';
import { parseAddress } from '../../lib/client/address.js';
import { clientFor } from '../../lib/client/open-client.js';
import type { PackageClient } from '../../lib/client/package-client.js';
import { LockManager, type LockManagerOptions } from '../../lib/index.js';
import { startThingsDB, type EmbeddedThingsDB } from '../../lib/testing/index.js';
import { allCaughtUp, NODES_LIMIT_MS, servingCaughtUp } from './caught-up.js';
import { LeakCheck } from './leak-check.js';
import { StallMeter } from './stall-meter.js';
import { lockedDownState, type StateLeft } from './state-left.js';
import { TcpProxy } from './tcp-proxy.js';
import { thingsdbJs } from './thingsdb-js.js';
import { Worker } from './worker.js';

/** A ThingsDB that the lock suite runs against. */
export interface BackEnd {
  readonly name: string;
  /** Nodes in order of preference, reached by the transport that this run of the tests is for. */
  readonly urls: readonly string[];
  /** The TCP port of the first node, which clients in other languages speak to. */
  readonly tcp: { readonly host: string; readonly port: number };
  readonly auth: { readonly username: string; readonly password: string } | { readonly token: string };
  /** A collection of this spec's own. */
  readonly collection: string;
  /** Only for the embedded server. */
  readonly embedded: EmbeddedThingsDB | undefined;
  /** A manager on {@link collection}, closed after the test. */
  manager(options?: Partial<LockManagerOptions>): LockManager;
  /** Runs a query as administrator. */
  query(code: string, vars?: Record<string, unknown>, scope?: string): Promise<unknown>;
  /** Runs a procedure of the collection as administrator. */
  run(procedure: string, ...args: unknown[]): Promise<unknown>;
  /**
   * Resolves when each node has made what the cluster has until now. One that lags joins rooms, and finds procedures, by
   * what it knows itself.
   */
  caughtUp(): Promise<void>;
  /** A connected, authenticated client, closed after the test; as administrator unless others are named. */
  client(auth?: BackEnd['auth']): Promise<PackageClient>;
  /** Processes with a manager each on {@link collection}, stopped after the test. */
  workers(count: number): Promise<Worker[]>;
  /** A proxy before the first node, closed after the test. */
  proxy(): Promise<TcpProxy>;
  /** Something of the test's own that has to be closed when all else is, and before it is looked for what is left. */
  atEnd(close: () => Promise<unknown>): void;
  /** What the locks have left in the collection. */
  left(): Promise<StateLeft>;
  /**
   * How many milliseconds of this span this process could have run: what judges how soon something has come judges no
   * machine that stood still. On the monotonic clock, and of this test.
   */
  ranMs(fromMs: number, toMs?: number): number;
  /** The same of a span between two times of the server (milliseconds). */
  servedMs(fromMs: number, toMs: number): number;
}

type Kind = 'embedded' | 'real' | 'thingsdb.js';
type Transport = 'TCP' | 'WebSocket';

/** The embedded server always; `THINGSDB_URL` too when it is set; with thingsdb.js as client if `THINGSDB_JS` says where it is. */
function kinds(): readonly Kind[] {
  const all: Kind[] = ['embedded'];
  if (realUrls('TCP').length + realUrls('WebSocket').length > 0) {
    all.push('real');
    if (process.env['THINGSDB_JS'] !== undefined) all.push('thingsdb.js');
  }
  const only = process.env['BACK_END'];
  return only === undefined ? all : all.filter((kind) => kind === only);
}

/** Of each kind, the transports to run over; thingsdb.js has one of its own. */
function runs(transports: readonly Transport[]): readonly (readonly [Kind, Transport])[] {
  return kinds().flatMap((kind) => {
    const own: readonly Transport[] = kind === 'thingsdb.js' ? ['WebSocket'] : transports;
    return own.map((transport) => [kind, transport] as const);
  });
}

/** Where the nodes listen: one port does not tell of the other. */
function realUrls(transport: Transport): readonly string[] {
  const { THINGSDB_URL = '', THINGSDB_WS_URL = '' } = process.env;
  const all = `${THINGSDB_URL},${THINGSDB_WS_URL}`.split(',').filter((url) => url !== '');
  return all.filter((url) => (parseAddress(url).scheme === 'thingsdb:') === (transport === 'TCP'));
}

function neededUrls(transport: Transport): readonly string[] {
  const urls = realUrls(transport);
  if (urls.length > 0) return urls;
  throw new Error(
    transport === 'TCP'
      ? 'this suite needs the TCP port of the node: set THINGSDB_URL=thingsdb://host:9200'
      : 'this suite needs the WebSocket port of the node: set THINGSDB_WS_URL=ws://host:9270',
  );
}

/** Of a test that may wait for nodes. */
const SEVERAL_NODES_LIMIT_MS = 120_000;

export interface BackEndOptions {
  readonly transports?: readonly Transport[];
  /** The tests make requests of their own, without a manager, and leave them. */
  readonly leavesRequests?: boolean;
}

/**
 * Registers the same tests for each back end. After each test its managers, clients, workers and proxies are closed.
 * Nothing may be left: no request in the collection, no socket, process or timer in this process. (A rejection that
 * nobody handles fails its test by Jest: see `waitForUnhandledRejections` in its configuration.)
 */
export function onEachBackEnd(
  title: string,
  register: (backEnd: BackEnd) => void,
  { transports = ['TCP'], leavesRequests = false }: BackEndOptions = {},
): void {
  if (realUrls('TCP').length > 1) jest.setTimeout(SEVERAL_NODES_LIMIT_MS);
  describe.each(runs(transports))(`${title}, on %s over %s`, (kind, transport) => {
    const backEnd = new RunningBackEnd(kind, transport);
    const leaks = new LeakCheck(leavesRequests ? undefined : () => backEnd.requests());
    beforeAll(() => backEnd.start());
    beforeEach(async () => {
      await leaks.begin();
      backEnd.stalls.start();
    });
    afterEach(async () => {
      backEnd.stalls.stop();
      const mayBeLeft = await backEnd.closeAll();
      await leaks.end(mayBeLeft);
    });
    afterAll(() => backEnd.stop());
    register(backEnd);
  });
}

/** The same, over each transport that the built-in client has. */
export function onEachTransport(
  title: string,
  register: (backEnd: BackEnd) => void,
  options: Omit<BackEndOptions, 'transports'> = {},
): void {
  onEachBackEnd(title, register, { transports: ['TCP', 'WebSocket'], ...options });
}

/** The ids of those who wait or hold by a process that lives: not what is kept or handed on, and not Python's. */
const REQUESTS_CODE = `
  wse();
  s = .get('thingsdb_lock');
  if (is_nil(s)) return [];
  at = int(now() * 1000000);
  ids = [];
  for (key, q in s.locks) {
    for (r in q.held) if (r.inbox.id && r.due > at) ids.push(r.id);
    for (r in q.waiting) if (r.inbox.id) ids.push(r.id);
  };
  ids;
`;

/**
 * A node that cannot serve passes a read on to any other, which may be some milliseconds behind. What a suite reads of a
 * cluster it reads when all nodes that serve know what was done before.
 */
function readAfter(manager: LockManager, caughtUp: () => Promise<void>): void {
  const query = manager.query.bind(manager);
  manager.query = async (...args) => {
    await caughtUp();
    return query(...args);
  };
  const get = manager.get.bind(manager);
  manager.get = (...args) => {
    const lock = get(...args);
    const isLocked = lock.isLocked.bind(lock);
    lock.isLocked = async () => {
      await caughtUp();
      return isLocked();
    };
    return lock;
  };
}

class RunningBackEnd implements BackEnd {
  readonly name: Kind;
  readonly collection = `suite_${randomBytes(6).toString('hex')}`;
  urls: readonly string[] = [];
  embedded: EmbeddedThingsDB | undefined;
  readonly stalls = new StallMeter();
  readonly #transport: Transport;
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #ends: (() => Promise<unknown>)[] = [];
  readonly #workers: Worker[] = [];
  readonly #proxies: TcpProxy[] = [];
  #admin: PackageClient | undefined;

  constructor(name: Kind, transport: Transport) {
    this.name = name;
    this.#transport = transport;
  }

  get tcp(): BackEnd['tcp'] {
    const { host, port } = parseAddress(this.embedded?.url ?? neededUrls('TCP')[0] ?? '');
    return { host, port };
  }

  get auth(): BackEnd['auth'] {
    const { THINGSDB_TOKEN: token, THINGSDB_USER: username, THINGSDB_PASSWORD: password } = process.env;
    if (this.name !== 'embedded' && token !== undefined) return { token };
    return { username: username ?? 'admin', password: password ?? 'pass' };
  }

  async start(): Promise<void> {
    if (this.name === 'embedded') {
      this.embedded = await startThingsDB();
      this.urls = [this.#transport === 'TCP' ? this.embedded.url : this.embedded.wsUrl];
    } else {
      this.urls = neededUrls(this.#transport);
    }
    this.#admin = await this.#connected();
  }

  async stop(): Promise<void> {
    // It has not started: that is the failure to be told, not what follows from it.
    if (this.#admin === undefined) return;
    await this.query(
      'if (has_collection(name)) { del_collection(name); };',
      { name: this.collection },
      '@thingsdb',
    );
    await this.#admin.disconnect();
    await this.embedded?.close();
  }

  /**
   * Managers first, then the processes and the way to the server.
   * @returns whether requests may be left that nobody could end: of one who was killed, or cut off
   */
  async closeAll(): Promise<boolean> {
    const [workers, proxies] = [this.#workers.splice(0), this.#proxies.splice(0)];
    const isCutOff =
      proxies.some((proxy) => proxy.wasDisturbed) || workers.some((worker) => worker.wasKilled);
    await Promise.all(this.#closers.splice(0).map((close) => close()));
    await Promise.all(workers.map((worker) => worker.stop()));
    // What a node was asked for and could not answer, it answers now, before the proxies go.
    for (const proxy of proxies) proxy.thaw();
    await Promise.all(proxies.map((proxy) => proxy.quiet()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await Promise.all(this.#ends.splice(0).map((close) => close()));
    return isCutOff;
  }

  atEnd(close: () => Promise<unknown>): void {
    this.#ends.push(close);
  }

  async workers(count: number): Promise<Worker[]> {
    const workers = await Worker.start(this, count);
    this.#workers.push(...workers);
    return workers;
  }

  async proxy(): Promise<TcpProxy> {
    const proxy = await TcpProxy.to(this.urls[0] ?? '');
    this.#proxies.push(proxy);
    return proxy;
  }

  /** The ids of the requests in the collection; none where there is no collection. */
  async requests(): Promise<readonly string[]> {
    const has = await this.query('has_collection(name);', { name: this.collection }, '@thingsdb');
    return has === true ? ((await this.query(REQUESTS_CODE)) as string[]) : [];
  }

  manager(options: Partial<LockManagerOptions> = {}): LockManager {
    const { url, ...rest } = options;
    const manager = new LockManager({ ...this.#reach(rest, url), collection: this.collection, ...rest });
    this.#closers.push(() => manager.close());
    if (this.urls.length > 1) readAfter(manager, () => servingCaughtUp(this.#adminClient));
    return manager;
  }

  async client(auth?: BackEnd['auth']): Promise<PackageClient> {
    const client = await this.#connected(auth);
    this.#closers.push(() => client.disconnect());
    return client;
  }

  async query(
    code: string,
    vars?: Record<string, unknown>,
    scope = `//${this.collection}`,
  ): Promise<unknown> {
    const client = this.#adminClient;
    const isCluster = this.urls.length > 1;
    if (isCluster && scope.startsWith('//')) await servingCaughtUp(client);
    const result = await client.query(scope, code, vars);
    // A node knows by itself who may log in, and what collections there are.
    if (isCluster && scope === '@thingsdb') await allCaughtUp(client);
    return result;
  }

  async run(procedure: string, ...args: unknown[]): Promise<unknown> {
    if (this.urls.length > 1) await servingCaughtUp(this.#adminClient);
    return this.#adminClient.run(`//${this.collection}`, procedure, args);
  }

  caughtUp(): Promise<void> {
    return allCaughtUp(this.#adminClient);
  }

  left(): Promise<StateLeft> {
    return lockedDownState(this);
  }

  ranMs(fromMs: number, toMs?: number): number {
    return this.stalls.ranMs(fromMs, toMs);
  }

  servedMs(fromMs: number, toMs: number): number {
    const { timeOrigin } = performance;
    return this.ranMs(fromMs - timeOrigin, toMs - timeOrigin);
  }

  get #adminClient(): PackageClient {
    if (this.#admin === undefined) throw new Error('the back end has not been started');
    return this.#admin;
  }

  #reach(
    { client }: Partial<LockManagerOptions>,
    url: LockManagerOptions['url'] = this.urls,
  ): LockManagerOptions {
    if (client !== undefined) return {};
    if (this.name !== 'thingsdb.js') return { url, auth: this.auth };
    const ThingsDB = thingsdbJs();
    return { client: () => new ThingsDB([url].flat()[0]), auth: this.auth };
  }

  async #connected(auth = this.auth): Promise<PackageClient> {
    const requestTimeoutMs = this.urls.length > 1 ? NODES_LIMIT_MS : 20_000;
    const client = clientFor(this.urls[0] ?? '', { requestTimeoutMs });
    await client.connect();
    await ('token' in auth ? client.authToken(auth.token) : client.auth(auth.username, auth.password));
    return client;
  }
}
