import { within } from '../async/within.js';
import { clientFor } from '../client/open-client.js';
import { isClient, type ThingsDBClient } from '../client/thingsdb-client.js';
import type { TlsOptions } from '../client/web-socket-connection.js';
import { LockConnectionError, LockError } from '../errors.js';
import type { LockManagerOptions } from '../options/manager-options.js';
import { askedAuth } from './auth.js';
import { BoundedClient } from './bounded-client.js';
import { NodeConnection } from './node-connection.js';
import { Race, type Attempt } from './race.js';

/** How the nodes are reached. */
export interface NodesOptions extends Pick<LockManagerOptions, 'client' | 'url' | 'auth'> {
  readonly tls?: TlsOptions | undefined;
  readonly requestTimeout: number;
}

/** A connection that can be used, and the place of its node in the list. */
export interface ReadyNode {
  readonly connection: NodeConnection;
  readonly index: number;
}

/** Makes a client for one node, which is not connected yet unless it is the caller's. */
type MakeClient = () => ThingsDBClient | Promise<ThingsDBClient>;

/** The nodes of one ThingsDB, in order of preference; just one for a client of the caller's. */
export class Nodes {
  readonly #makers: readonly MakeClient[];
  readonly #auth: LockManagerOptions['auth'];
  readonly #limitMs: number;
  /** Whether connections are made here: then they are also closed here, and can be made again. */
  readonly canReopen: boolean;
  readonly #areBuiltIn: boolean;

  constructor({ client, url, auth, tls, requestTimeout }: NodesOptions) {
    this.#auth = auth;
    this.#limitMs = requestTimeout;
    this.canReopen = typeof client !== 'object';
    this.#areBuiltIn = client === undefined;
    const limits = { requestTimeoutMs: requestTimeout, connectTimeoutMs: requestTimeout };
    this.#makers =
      client === undefined
        ? [url ?? []].flat().map((address) => () => clientFor(address, { ...limits, tls }))
        : [() => foreign(client, requestTimeout)];
  }

  get count(): number {
    return this.#makers.length;
  }

  /** Tries the nodes, in {@link orderOf}, until one is ready. */
  race(avoided: ReadonlySet<number>): Race<ReadyNode> {
    const order = orderOf(this.count, avoided);
    return new Race({
      nodes: this.count,
      begin: (n) => this.#attempt(order[n % this.count] as number),
      // A function of the caller's may not expect to be called again before it has answered.
      mayRepeat: this.#areBuiltIn,
    });
  }

  #attempt(index: number): Attempt<ReadyNode> {
    const opening = new Opening();
    const ready = this.#open(index, opening);
    const attempt = { ready, cancel: () => this.#close(opening) };
    // What has failed may still have a socket.
    ready.catch(() => attempt.cancel());
    return attempt;
  }

  async #open(index: number, opening: Opening): Promise<ReadyNode> {
    const make = this.#makers[index] as MakeClient;
    const connection = new NodeConnection(await make());
    opening.connection = connection;
    if (opening.isOver) this.#close(opening);
    if (this.#auth !== undefined) {
      await connection.connect();
      await askedAuth(this.#auth, this.#limitMs, (auth) => connection.authenticate(auth));
    }
    return { connection, index };
  }

  #close(opening: Opening): void {
    opening.isOver = true;
    const reason = new LockConnectionError('this try to connect is over');
    if (this.canReopen) opening.connection?.abandon(reason);
    else opening.connection?.detach(reason);
  }
}

/**
 * In which order nodes are tried. Preference comes first, so that all managers come together on the same node again.
 * Nodes that are avoided come behind the others, the first of these first.
 */
export function orderOf(count: number, avoided: ReadonlySet<number>): number[] {
  const all = Array.from({ length: count }, (_, index) => index);
  return [...all.filter((index) => !avoided.has(index)), ...avoided];
}

/** A connection on its way: it can be given up before there is one. */
class Opening {
  connection: NodeConnection | undefined;
  isOver = false;
}

/** A client that others have written has no time limits of its own. */
async function foreign(
  client: NonNullable<LockManagerOptions['client']>,
  requestTimeoutMs: number,
): Promise<ThingsDBClient> {
  const made = typeof client === 'function' ? await madeBy(client, requestTimeoutMs) : client;
  return new BoundedClient(made, requestTimeoutMs);
}

async function madeBy(make: MakeClient, limitMs: number): Promise<ThingsDBClient> {
  const making: Promise<unknown> = Promise.resolve().then(make);
  let client: unknown;
  try {
    client = await within(making, limitMs, () => {
      // Nobody takes it any more when it comes.
      making.then(closed, () => undefined);
      return new LockConnectionError(`the client function made none within ${limitMs} ms`);
    });
  } catch (error) {
    if (error instanceof LockError) throw error;
    throw new LockConnectionError('the client function failed', { cause: error });
  }
  if (isClient(client)) return client;
  throw new LockConnectionError('the client function did not make a client with the methods of thingsdb.js');
}

async function closed(client: unknown): Promise<void> {
  if (isClient(client)) await new BoundedClient(client, 1).disconnect();
}
