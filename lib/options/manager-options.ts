import type { ThingsDBClient } from '../client/thingsdb-client.js';
import type { Duration } from './duration.js';
import type { LockDefaults } from './lock-options.js';

/** Who we are to the server. A token is one made by `new_token`. */
export type Auth = { readonly username: string; readonly password: string } | { readonly token: string };

/** TLS for `wss://`, with the meaning that `node:tls` gives these options. */
export interface TlsOptions {
  /** The certificate authorities to trust, as PEM, instead of those that Node trusts. */
  readonly ca?: Pem | undefined;
  /** The client's certificate and its key, both as PEM, for a server that asks for one. Neither goes without the other. */
  readonly cert?: Pem | undefined;
  readonly key?: Pem | undefined;
  /** What the key is encrypted with. */
  readonly passphrase?: string | undefined;
  /** The name that the server's certificate has to be for, if it is another one than the host's. */
  readonly servername?: string | undefined;
  /** `false` trusts any certificate: then anybody in between can read the password. Default true. */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** Text or bytes; several for a chain or several authorities. */
export type Pem = string | Buffer | (string | Buffer)[];

/** How a manager is drained. */
export interface DrainOptions {
  /** The longest to wait for what runs. Default `Infinity`. */
  readonly waitTimeout?: Duration | undefined;
}

/** How a {@link LockManager} reaches ThingsDB, and what its locks have in common. `client` or `url`, not both. */
export interface LockManagerOptions {
  /**
   * A client shaped like thingsdb.js, or a function that makes one. Without `auth` it has to come connected and
   * authenticated; with `auth` the manager does both. An instance stays the caller's. The manager never disconnects it.
   * Once its connection is lost, the manager is of no more use. A function is called again then.
   */
  readonly client?: ThingsDBClient | (() => ThingsDBClient | Promise<ThingsDBClient>) | undefined;
  /**
   * Addresses of ThingsDB nodes, tried in this order, for the built-in client: `thingsdb://host[:9200]` is TCP, `ws://` and
   * `wss://` are WebSockets. Needs `auth`.
   */
  readonly url?: string | readonly string[] | undefined;
  /**
   * The credentials, or a function that gives them (also later). It is asked at each connect, for passwords and tokens
   * that change. What it throws is a `LockConnectionError`, anything but credentials a `LockOptionsError`.
   */
  readonly auth?: Auth | (() => Auth | Promise<Auth>) | undefined;
  /** For `wss://` addresses. Other addresses have no TLS: with one of them this is refused. */
  readonly tls?: TlsOptions | undefined;
  /** The collection that holds the locks: letters, digits and `_`. Default `'lock'`, which the Python lock uses too. */
  readonly collection?: string | undefined;
  /**
   * What the names of the procedures and of the state begin with. For a collection that has other procedures of these
   * names. Python programs and managers with another prefix do not see these locks. Default none.
   */
  readonly prefix?: string | undefined;
  /** A label for people: who holds or waits, up to 255 bytes of UTF-8. Default: host name and process id. */
  readonly owner?: string | undefined;
  /**
   * How long one call to the server may take, over as many connections as that takes. `close()` takes no longer. A
   * server is taken for lost after so long a silence, or after a third of the shortest ttl held. Default 5 s.
   */
  readonly requestTimeout?: Duration | undefined;
  /**
   * By how much the clocks of the nodes may differ. A lease is taken to be over so much earlier than its ttl says. The
   * node that it moves to after a failure may think so. Default 10 ms with several `url`s (NTP keeps nodes of one
   * network within a few). 0 with one: a single clock does not differ from itself.
   */
  readonly clockSkew?: Duration | undefined;
  /** For every lock of this manager, unless the lock or the call says otherwise. */
  readonly defaults?: LockDefaults | undefined;
}
