import { BoundedClient } from '../client/bounded-client.js';
import type { ThingsDBClient } from '../client/thingsdb-client.js';
import { WebSocketClient } from '../client/web-socket-client.js';
import { LockConnectionError, LockError } from '../errors.js';
import { isClient, type Auth, type ResolvedManagerOptions } from '../options.js';

export interface SessionListener {
  connected(): void;
  disconnected(reason: LockError): void;
  /** A message that nobody asked for: the protocol's number of its kind, and its body. */
  pushed(type: number, body: unknown): void;
}

type Options = Pick<ResolvedManagerOptions, 'client' | 'url' | 'auth' | 'requestTimeout'>;

/** A way to a client that is not connected yet, or (an instance without `auth`) is already. */
interface Source {
  readonly open: () => ThingsDBClient | Promise<ThingsDBClient>;
  readonly isOwn: boolean;
}

/**
 * One connection to ThingsDB at a time, opened at first use and again at the first use after it was lost.
 * A client that was given as an instance cannot be opened again.
 */
export class Session {
  readonly #sources: readonly Source[];
  readonly #auth: Auth | undefined;
  readonly #requestTimeoutMs: number;
  readonly #listener: SessionListener;
  readonly #onPush = (type: number, body: unknown): void => this.#listener.pushed(type, body);
  #opening: Promise<BoundedClient> | undefined;
  #closed: LockError | undefined;

  constructor(options: Options, listener: SessionListener) {
    this.#sources = sourcesOf(options);
    this.#auth = options.auth;
    this.#requestTimeoutMs = options.requestTimeout;
    this.#listener = listener;
  }

  /** The connected, authenticated client. Rejects with a `LockError`. */
  client(): Promise<BoundedClient> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Ends the connection and every request on it; nothing can be sent afterwards. */
  async close(reason: LockError): Promise<void> {
    this.#closed = reason;
    const client = await this.#opening?.catch(() => undefined);
    if (client === undefined) return;
    client.removeEventListener(this.#onPush);
    if (this.#sources[0]?.isOwn) await client.disconnect();
  }

  async #open(): Promise<BoundedClient> {
    let failure: unknown;
    for (const source of this.#sources) {
      try {
        const client = await this.#connect(source);
        if (this.#closed !== undefined) {
          if (source.isOwn) await client.disconnect();
          throw this.#closed;
        }
        this.#listener.connected();
        return client;
      } catch (error) {
        failure = error;
        // Only another node can help, and only if this one could not be reached.
        if (!(error instanceof LockConnectionError)) break;
      }
    }
    this.#opening = undefined;
    throw failure;
  }

  async #connect(source: Source): Promise<BoundedClient> {
    const made = await opened(source);
    const client = new BoundedClient(made, { requestTimeoutMs: this.#requestTimeoutMs });
    client.onClose((reason) => this.#lost(client, reason));
    if (this.#auth !== undefined) {
      await client.connect();
      try {
        await ('token' in this.#auth
          ? client.authToken(this.#auth.token)
          : client.auth(this.#auth.username, this.#auth.password));
      } catch (error) {
        if (source.isOwn) await client.disconnect();
        throw error;
      }
    }
    client.addEventListener(this.#onPush);
    return client;
  }

  #lost(client: BoundedClient, reason: LockError): void {
    client.removeEventListener(this.#onPush);
    if (this.#closed !== undefined || this.#opening === undefined) return;
    if (this.#sources[0]?.isOwn) this.#opening = undefined;
    this.#listener.disconnected(reason);
  }
}

function sourcesOf({ client, url, requestTimeout }: Options): readonly Source[] {
  if (typeof client === 'function') {
    return [{ isOwn: true, open: client }];
  }
  if (client !== undefined) return [{ isOwn: false, open: () => client }];
  const limits = { requestTimeoutMs: requestTimeout, connectTimeoutMs: requestTimeout };
  return [url ?? []].flat().map((address) => ({
    isOwn: true,
    open: () => new WebSocketClient(address, limits),
  }));
}

async function opened(source: Source): Promise<ThingsDBClient> {
  try {
    const client = await source.open();
    if (isClient(client)) return client;
  } catch (error) {
    if (error instanceof LockError) throw error;
    throw new LockConnectionError('the client function failed', { cause: error });
  }
  throw new LockConnectionError('the client function did not make a client with the methods of thingsdb.js');
}
