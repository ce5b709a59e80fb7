import { within } from '../async/within.js';
import { clientFor } from '../client/open-client.js';
import { isClient, type ThingsDBClient } from '../client/thingsdb-client.js';
import { LockConnectionError, LockError } from '../errors.js';
import type { LockManagerOptions } from '../options/manager-options.js';
import { askedAuth } from './auth.js';
import { BoundedClient } from './bounded-client.js';
import { NodeConnection } from './node-connection.js';
import type { NodesOptions } from './nodes.js';

type GivenClient = NonNullable<LockManagerOptions['client']>;
type MakeClient = Exclude<GivenClient, ThingsDBClient>;

/**
 * A connection that can be used: open and authenticated, unless the client is given and connects by itself.
 *
 * @param url of the node; not needed if there is a client
 * @param began is told of the connection as soon as there is something to close
 */
export async function openedNode(
  options: NodesOptions,
  url: string | undefined,
  began: (connection: NodeConnection) => void,
): Promise<NodeConnection> {
  const { auth, requestTimeout } = options;
  const connection = new NodeConnection(await clientOf(options, url));
  began(connection);
  if (auth !== undefined) {
    await connection.connect();
    await askedAuth(auth, requestTimeout, (asked) => connection.authenticate(asked));
  }
  return connection;
}

/** Not connected yet, unless it is the caller's. */
async function clientOf(
  { client, tls, requestTimeout }: NodesOptions,
  url: string | undefined,
): Promise<ThingsDBClient> {
  if (client !== undefined) return foreign(client, requestTimeout);
  return clientFor(url as string, {
    requestTimeoutMs: requestTimeout,
    connectTimeoutMs: requestTimeout,
    tls,
  });
}

/** A client that others have written has no time limits of its own. */
async function foreign(client: GivenClient, requestTimeoutMs: number): Promise<ThingsDBClient> {
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
