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
  /** Those on which nothing gets through any more. */
  readonly #silent = new Set<readonly [Socket, Socket]>();
  /** Those on which bytes are swallowed. */
  readonly #cutShort = new Set<readonly [Socket, Socket]>();
  #isFrozen = false;
  #dropped: Side | undefined;
  #delayMs = 0;
  #isRefusing = false;
  #isMute = false;
  readonly #swallowed = new Map<Side, number>();
  #passedMs = 0;
  #wasDisturbed = false;
  #accepted = 0;
  readonly #awaited = new Set<{ readonly count: number; readonly resolve: () => void }>();

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

  /** Resolves when so many connections have been taken since the start. */
  async accepted(count: number): Promise<void> {
    if (this.#accepted >= count) return;
    await new Promise<void>((resolve) => this.#awaited.add({ count, resolve }));
  }

  get url(): string {
    return `${this.#target.protocol}//127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Whether something has not got through, or not in time. */
  get wasDisturbed(): boolean {
    return this.#wasDisturbed;
  }

  /** Nothing gets through in either direction any more, and no connection ends: like a server that is stopped. */
  freeze(): void {
    this.#wasDisturbed = true;
    this.#isFrozen = true;
    for (const socket of [...this.#pairs].flat()) socket.pause();
  }

  /** What was held back gets through. */
  thaw(): void {
    this.#isFrozen = false;
    this.#passedMs = performance.now();
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
    this.#wasDisturbed = true;
    this.#dropped = side;
  }

  /** Ends what {@link dropFrom} began, and every connection, as both sides find out at last. */
  restore(): void {
    this.#dropped = undefined;
    this.cut();
  }

  /**
   * Whatever is said on the connections that there are is lost from now on, their ends too. Nobody is told, as when a
   * NAT has forgotten them. New ones pass.
   */
  silence(): void {
    this.#wasDisturbed = true;
    for (const pair of this.#pairs) this.#silent.add(pair);
  }

  /** Ends the connections on which nothing got through. */
  endSilence(): void {
    const silent = [...this.#silent];
    this.#silent.clear();
    for (const socket of silent.flat()) socket.destroy();
  }

  /** Whether new connections are taken and then hear nothing, as from a node that hangs; those that there are go on. */
  mute(isMute: boolean): void {
    this.#wasDisturbed = true;
    this.#isMute = isMute;
  }

  /** After so many bytes more, whatever this side sends is lost on every connection there is, in the middle of a message. */
  swallowAfter(side: Side, bytes: number): void {
    this.#wasDisturbed = true;
    this.#swallowed.set(side, bytes);
    for (const pair of this.#pairs) this.#cutShort.add(pair);
  }

  /** Drops what was held back, with its connections; new ones pass. */
  forget(): void {
    this.cut();
    this.#isFrozen = false;
  }

  /** Whether new connections are cut as they come. */
  refuse(isRefusing: boolean): void {
    this.#wasDisturbed = true;
    this.#isRefusing = isRefusing;
  }

  /**
   * Nothing has passed for a while. To be waited for before a connection is cut while a real cluster serves it. A node
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
    this.#silent.clear();
    for (const socket of [...this.#pairs].flat()) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #accept(client: Socket): void {
    this.#accepted++;
    for (const { count, resolve } of this.#awaited) if (this.#accepted >= count) resolve();
    if (this.#isRefusing) {
      client.destroy();
      return;
    }
    const server = connect(Number(this.#target.port), this.#target.hostname);
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    if (this.#isMute) this.#silent.add(pair);
    for (const [side, from, to] of [
      ['client', client, server],
      ['server', server, client],
    ] as const) {
      const line = new DelayLine((bytes) => to.write(bytes));
      from.setNoDelay(true);
      from.on('data', (bytes) => {
        this.#passedMs = performance.now();
        if (this.#dropped === side || this.#silent.has(pair)) return;
        const passing = this.#cutShort.has(pair) ? this.#passing(side, bytes) : bytes;
        if (passing.length > 0) line.push(passing, this.#delayMs);
      });
      // Either side gone is both gone; why does not matter here.
      from.on('error', () => undefined);
      from.on('close', () => {
        line.clear();
        // The other side hears nothing of it.
        if (this.#silent.has(pair) && !to.destroyed) return;
        this.#silent.delete(pair);
        to.destroy();
        this.#pairs.delete(pair);
        this.#cutShort.delete(pair);
      });
      if (this.#isFrozen) from.pause();
    }
  }

  #passing(side: Side, bytes: Buffer): Buffer {
    const left = this.#swallowed.get(side) ?? bytes.length;
    if (this.#swallowed.has(side)) this.#swallowed.set(side, Math.max(0, left - bytes.length));
    return bytes.subarray(0, left);
  }
}
