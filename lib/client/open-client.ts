import { LockOptionsError } from '../errors.js';
import { parseAddress } from './address.js';
import type { PackageClient } from './package-client.js';
import { TcpClient } from './tcp-client.js';
import { WebSocketClient, type WebSocketClientOptions } from './web-socket-client.js';

/** What a client of either kind takes; `tls` is for `wss://` only. */
export type ClientOptions = WebSocketClientOptions;

/**
 * The built-in client for an address, not connected yet: over TCP for `thingsdb://`, over a WebSocket for `ws://` and
 * `wss://`.
 *
 * @throws LockOptionsError if the address or an option cannot be used. Of the address only scheme, host and port are in
 *   the message.
 */
export function clientFor(url: string, options: ClientOptions = {}): PackageClient {
  const { scheme, shown } = parseAddress(url);
  if (scheme !== 'thingsdb:') return new WebSocketClient(url, options);
  const { tls, ...limits } = options;
  if (tls !== undefined) {
    throw new LockOptionsError(
      `tls is given, but ${shown} is ThingsDB's TCP port, which speaks no TLS: the password travels in the clear there; ` +
        "use wss:// with the node's WebSocket port, or a tunnel and no tls option",
    );
  }
  return new TcpClient(url, limits);
}
