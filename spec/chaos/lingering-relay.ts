import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { CloseFilter } from './close-filter.js';

/** Longer than a cluster takes to agree on a change when one of its nodes has just been killed. */
const LINGER_MS = 60_000;

/**
 * Stands before a node. It lets the node see the end of a connection only when that has been silent for some time. To
 * the clients nothing changes. For nodes (ThingsDB 1.9.3) that crash when a WebSocket closes before they have answered.
 */
export class LingeringRelay {
  readonly #server: Server;
  readonly #target: URL;
  readonly #lingerMs: number;
  readonly #sockets = new Set<Socket>();

  private constructor(target: URL, lingerMs: number) {
    this.#target = target;
    this.#lingerMs = lingerMs;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async to(url: string, lingerMs = LINGER_MS): Promise<LingeringRelay> {
    const relay = new LingeringRelay(new URL(url), lingerMs);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get url(): string {
    return `${this.#target.protocol}//127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(client: Socket): void {
    const node = connect(Number(this.#target.port), this.#target.hostname);
    for (const socket of [client, node]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      // What ends a connection is told by its close.
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    const filter = new CloseFilter();
    client.on('data', (bytes) => {
      node.write(filter.push(bytes));
      // It waits for the node to say so too.
      if (filter.hasClosed) client.destroy();
    });
    node.on('data', (bytes) => client.write(bytes));
    node.on('close', () => client.destroy());
    client.on('close', () => {
      // What the node has still to say is read, and goes nowhere.
      node.setTimeout(this.#lingerMs, () => node.destroy());
    });
  }
}
