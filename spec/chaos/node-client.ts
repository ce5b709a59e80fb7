import { clientFor } from '../../lib/client/open-client.js';
import type { Auth } from '../../lib/index.js';

type NodeClient = ReturnType<typeof clientFor>;

export interface NodeClientLimits {
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs?: number;
  /** Ends the connection, whatever it waits for. */
  readonly signal?: AbortSignal;
}

/** Does something with a connection to this very node, past the lock library; the connection is closed afterwards. */
export async function onNode<T>(
  url: string,
  auth: Auth,
  { signal, ...limits }: NodeClientLimits,
  action: (client: NodeClient) => Promise<T>,
): Promise<T> {
  const client = clientFor(url, limits);
  const hangUp = (): void => void client.disconnect();
  signal?.addEventListener('abort', hangUp);
  try {
    await client.connect();
    await ('token' in auth ? client.authToken(auth.token) : client.auth(auth.username, auth.password));
    return await action(client);
  } finally {
    signal?.removeEventListener('abort', hangUp);
    await client.disconnect();
  }
}
