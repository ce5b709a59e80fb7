import { LockOptionsError } from '../errors.js';
import { parseAddress } from './address.js';
import { PackageClient, type ClientLimits } from './package-client.js';
import { WebSocketConnection, type TlsSettings } from './web-socket-connection.js';

export interface WebSocketClientOptions extends ClientLimits {
  /** For `wss://`: certificate authority, client certificate and so on, as `node:tls` takes them. */
  readonly tls?: TlsSettings | undefined;
}

/**
 * A client for ThingsDB over a WebSocket; what it guarantees is in {@link PackageClient}.
 *
 * @example
 * const client = new WebSocketClient('ws://127.0.0.1:9270');
 * await client.connect();
 * await client.auth('admin', 'pass');
 * await client.query('//stuff', '.greeting = text;', { text: 'hello' });
 */
export class WebSocketClient extends PackageClient {
  /**
   * @param url `ws://host:port` or `wss://host:port`
   * @throws LockOptionsError if the address or an option cannot be used
   */
  constructor(url: string, options: WebSocketClientOptions = {}) {
    const address = parseAddress(url);
    const { tls, ...limits } = options;
    if (address.scheme === 'thingsdb:') {
      throw new LockOptionsError(`not the address of a WebSocket: ${address.shown}; use ws:// or wss://`);
    }
    if (tls !== undefined && address.scheme !== 'wss:') {
      throw new LockOptionsError(
        `tls is given, but ${address.shown} is to be reached without it: use wss://`,
      );
    }
    super(
      address,
      limits,
      (connectTimeoutMs, events) => new WebSocketConnection({ address, connectTimeoutMs, tls }, events),
    );
  }
}
