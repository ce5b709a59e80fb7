import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { DelayLine } from './delay-line.js';

/** Where bytes come from. */
export type Side = 'client' | 'server';

const QUIET_MS = 150;

/** A TCP proxy between a client and a server, for the faults of a network or of a server that hangs. */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: URL;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isFrozen = false;
  #dropped: Side | undefined;
  #delayMs = 0;
  #isRefusing = false;
  #passedMs = 0;

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  /** Listens on a free port and passes everything to the server at `url`. */
  static async to(url: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(new URL(url));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `${this.#target.protocol}//127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Nothing gets through in either direction any more, and no connection ends: like a server that is stopped. */
  freeze(): void {
    this.#isFrozen = true;
    for (const socket of [...this.#pairs].flat()) socket.pause();
  }

  /** What was held back gets through. */
  thaw(): void {
    this.#isFrozen = false;
    for (const socket of [...this.#pairs].flat()) socket.resume();
  }

  /** Everything arrives so much later, in order. 0 ends it. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /**
   * Half-open: what this side sends is lost from now on and it is not told; the other direction works. Connections that
   * have lost something are of no more use: {@link restore} ends them.
   */
  dropFrom(side: Side): void {
    this.#dropped = side;
  }

  /** Ends what {@link dropFrom} began, and every connection, as both sides find out at last. */
  restore(): void {
    this.#dropped = undefined;
    this.cut();
  }

  /** Drops what was held back, with its connections; new ones pass. */
  forget(): void {
    this.cut();
    this.#isFrozen = false;
  }

  /** Whether new connections are cut as they come. */
  refuse(isRefusing: boolean): void {
    this.#isRefusing = isRefusing;
  }

  /**
   * Nothing has passed for a while. To be waited for before a connection is cut while a real cluster serves it: a node
   * (ThingsDB 1.9.3) can crash when a WebSocket closes before the change that it asked for is made.
   */
  async quiet(): Promise<void> {
    for (;;) {
      const restMs = this.#passedMs + QUIET_MS - performance.now();
      if (restMs <= 0) return;
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }

  /** Ends every connection at once. */
  cut(): void {
    for (const socket of [...this.#pairs].flat()) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#isRefusing) {
      client.destroy();
      return;
    }
    const server = connect(Number(this.#target.port), this.#target.hostname);
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    for (const [side, from, to] of [
      ['client', client, server],
      ['server', server, client],
    ] as const) {
      const line = new DelayLine((bytes) => to.write(bytes));
      from.setNoDelay(true);
      from.on('data', (bytes) => {
        this.#passedMs = performance.now();
        if (this.#dropped !== side) line.push(bytes, this.#delayMs);
      });
      // Either side gone is both gone; why does not matter here.
      from.on('error', () => undefined);
      from.on('close', () => {
        line.clear();
        to.destroy();
        this.#pairs.delete(pair);
      });
      if (this.#isFrozen) from.pause();
    }
  }
}
