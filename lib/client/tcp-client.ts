import { LockOptionsError } from '../errors.js';
import { parseAddress } from './address.js';
import type { AnnouncedRuns, AnnouncingClient } from './announcing-client.js';
import { PackageClient, type ClientLimits } from './package-client.js';
import { TcpConnection } from './tcp-connection.js';

/**
 * A client for ThingsDB over its TCP port, which every node has; what it guarantees is in {@link PackageClient}.
 *
 * @example
 * const client = new TcpClient('thingsdb://127.0.0.1:9200');
 * await client.connect();
 * await client.auth('admin', 'pass');
 * await client.query('//stuff', '.greeting = text;', { text: 'hello' });
 */
export class TcpClient extends PackageClient implements AnnouncingClient {
  /**
   * @param url `thingsdb://host` or `thingsdb://host:port`; the port is 9200 unless it is given
   * @throws LockOptionsError if the address or an option cannot be used
   */
  constructor(url: string, limits: ClientLimits = {}) {
    const address = parseAddress(url);
    if (address.scheme !== 'thingsdb:') {
      throw new LockOptionsError(`not the address of a TCP port: ${address.shown}; use thingsdb://host:port`);
    }
    super(
      address,
      limits,
      (connectTimeoutMs, events) => new TcpConnection(address, connectTimeoutMs, events),
    );
  }

  announceRuns(runs: AnnouncedRuns): void {
    this.announce(runs);
  }
}
