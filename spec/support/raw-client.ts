import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Wire } from '../../lib/embedded/engine/engine.js';
import { encodePackage, type Package } from '../../lib/embedded/protocol/package.js';
import { PackageReader } from '../../lib/embedded/protocol/package-reader.js';
import { WireDecoder } from '../../lib/embedded/msgpack/wire-decoder.js';
import { WireEncoder } from '../../lib/embedded/msgpack/wire-encoder.js';

/** What came in: the body decoded. */
export interface Received {
  readonly id: number;
  readonly type: number;
  readonly body: Wire | undefined;
}

/** A client without any comfort: bytes out, packages in, in the order in which they came. */
export class RawClient {
  readonly #send: (bytes: Buffer) => void;
  readonly #destroy: () => void;
  readonly #received: Received[] = [];
  #waiting: (() => void)[] = [];
  #isClosed = false;
  readonly closed: Promise<void>;

  private constructor(send: (bytes: Buffer) => void, destroy: () => void, closed: Promise<void>) {
    this.#send = send;
    this.#destroy = destroy;
    this.closed = closed.then(() => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async overWebSocket(url: string): Promise<RawClient> {
    const ws = new WebSocket(url);
    const closed = new Promise<void>((resolve) => ws.once('close', () => resolve()));
    const client = new RawClient(
      (bytes) => ws.send(bytes),
      () => ws.terminate(),
      closed,
    );
    ws.on('message', (data: Buffer) => client.#read(data));
    await new Promise<void>((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', reject);
    });
    ws.on('error', () => undefined);
    return client;
  }

  static async overTcp(port: number): Promise<RawClient> {
    const socket: Socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const client = new RawClient(
      (bytes) => void socket.write(bytes),
      () => socket.destroy(),
      closed,
    );
    const reader = new PackageReader();
    socket.on('data', (chunk: Buffer) => reader.read(chunk, (pkg) => client.#take(pkg)));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => undefined);
    return client;
  }

  /** Sends bytes as they are: over WebSocket as one message. */
  sendBytes(bytes: Buffer): void {
    this.#send(bytes);
  }

  request(id: number, type: number, body?: Wire): void {
    this.#send(encodePackage(id, type, body === undefined ? undefined : WireEncoder.encode(body)));
  }

  /** The next package. Rejects when the connection closes first. */
  async next(): Promise<Received> {
    for (;;) {
      const received = this.#received.shift();
      if (received !== undefined) return received;
      if (this.#isClosed) throw new Error('the connection is closed');
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** Everything that comes in up to and with the answer to a ping: the way to see that something did not come. */
  async upToPong(id = 60_000): Promise<Received[]> {
    this.request(id, 32);
    const all: Received[] = [];
    for (let last = await this.next(); last.id !== id; last = await this.next()) all.push(last);
    return all;
  }

  destroy(): void {
    this.#destroy();
  }

  #read(data: Buffer): void {
    new PackageReader().read(data, (pkg) => this.#take(pkg));
  }

  #take({ id, type, body }: Package): void {
    this.#received.push({ id, type, body: body.length > 0 ? WireDecoder.decode(body) : undefined });
    this.#wake();
  }

  /** Everybody looks again; who asked first is served first. */
  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
