import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { decode, encode } from '@msgpack/msgpack';
import { WebSocketServer } from 'ws';

/** The server's end of a connection, whatever carries it. */
export interface FakeConnection {
  send(bytes: Buffer | string): void;
  /** In good order. */
  close(): void;
  terminate(): void;
  /** Takes nothing more from the client, until {@link resume}. */
  pause(): void;
  resume(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** A request as it arrived; `connection` is where to answer it. */
export interface FakeRequest {
  readonly id: number;
  readonly type: number;
  readonly body: unknown;
  readonly connection: FakeConnection;
}

/** A package made by hand, apart from the code under test: the two must agree on the bytes. */
export function packageBytes(id: number, type: number, body?: unknown): Buffer {
  return packageOf(id, type, body === undefined ? [] : encode(body, { useBigInt64: true }));
}

/** The same around a body that is given as it is, whether it makes sense or not. */
export function packageOf(id: number, type: number, body: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(body.length, 0);
  header.writeUInt16LE(id, 4);
  header.writeUInt8(type, 6);
  header.writeUInt8(255 - type, 7);
  return Buffer.concat([header, Uint8Array.from(body)]);
}

/**
 * A server that answers as a spec tells it to. Unless told otherwise it answers `ping` (32) with a pong, `auth` (33) with
 * OK, and everything else with its own arguments.
 */
export class FakeServer {
  readonly requests: FakeRequest[] = [];
  /** Every piece of bytes that arrived, in order, as the network cut them. */
  readonly pieces: Buffer[] = [];
  /** The port at the other end of each connection there has been. */
  readonly remotePorts: (number | undefined)[] = [];
  onRequest: (request: FakeRequest) => void = answer;
  onConnection: (connection: FakeConnection) => void = () => undefined;
  readonly #server: TcpServer;
  readonly #scheme: string;
  readonly #connections = new Set<FakeConnection>();
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  #waitingForPiece: (() => void)[] = [];

  private constructor(server: TcpServer, scheme: string) {
    this.#server = server;
    this.#scheme = scheme;
  }

  /** Over WebSocket, with TLS if that is given. */
  static async start(tls?: { key: string; cert: string }): Promise<FakeServer> {
    const server = tls === undefined ? createHttpServer() : createHttpsServer(tls);
    const fake = new FakeServer(server, tls === undefined ? 'ws' : 'wss');
    new WebSocketServer({ server: server as ReturnType<typeof createHttpServer> }).on(
      'connection',
      (connection, request) => {
        connection.on('message', (data) => fake.#receive(connection, data as Buffer));
        connection.on('error', () => undefined);
        fake.#accept(connection, request.socket.remotePort);
      },
    );
    return fake.#listen();
  }

  static async overTcp(): Promise<FakeServer> {
    const server = createTcpServer({ noDelay: true });
    const fake = new FakeServer(server, 'thingsdb');
    server.on('connection', (socket) => {
      const connection = overSocket(socket);
      let rest = Buffer.alloc(0);
      socket.on('data', (bytes) => {
        rest = Buffer.concat([rest, bytes]);
        fake.#takePiece(bytes);
        while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32LE(0)) {
          const size = 8 + rest.readUInt32LE(0);
          fake.#receive(connection, rest.subarray(0, size));
          rest = rest.subarray(size);
        }
      });
      socket.on('error', () => undefined);
      fake.#accept(connection, socket.remotePort);
    });
    return fake.#listen();
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://localhost:${this.port}`;
  }

  get connections(): FakeConnection[] {
    return [...this.#connections];
  }

  /** Resolves once that many requests have come in since the start. */
  async received(count: number): Promise<void> {
    if (this.requests.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  /** Over TCP: the next piece of bytes, whether it completes a package or not. */
  async nextPiece(): Promise<Buffer> {
    const count = this.pieces.length;
    while (this.pieces.length === count) {
      await new Promise<void>((resolve) => this.#waitingForPiece.push(resolve));
    }
    return this.pieces[count] as Buffer;
  }

  /** Sends the same bytes to every client. */
  push(bytes: Buffer | string): void {
    for (const connection of this.connections) connection.send(bytes);
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #listen(): Promise<FakeServer> {
    await new Promise<void>((resolve) => this.#server.listen(0, resolve));
    return this;
  }

  #accept(connection: FakeConnection, remotePort: number | undefined): void {
    this.remotePorts.push(remotePort);
    this.#connections.add(connection);
    connection.once('close', () => this.#connections.delete(connection));
    this.onConnection(connection);
  }

  #takePiece(bytes: Buffer): void {
    this.pieces.push(bytes);
    for (const resolve of this.#waitingForPiece.splice(0)) resolve();
  }

  #receive(connection: FakeConnection, data: Buffer): void {
    const body: unknown = data.length > 8 ? decode(data.subarray(8), { useBigInt64: true }) : undefined;
    const request = { id: data.readUInt16LE(4), type: data.readUInt8(6), body, connection };
    this.requests.push(request);
    this.onRequest(request);
    for (const { count, resolve } of this.#waiting) if (this.requests.length >= count) resolve();
  }
}

/** The default answer to a request. */
export function answer({ id, type, body, connection }: FakeRequest): void {
  if (type === 32) connection.send(packageBytes(id, 16));
  else if (type === 33) connection.send(packageBytes(id, 17));
  else connection.send(packageBytes(id, 18, body));
}

function overSocket(socket: Socket): FakeConnection {
  return {
    send: (bytes) => void socket.write(bytes),
    close: () => socket.end(),
    terminate: () => socket.resetAndDestroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    once: (event, listener) => socket.once(event, listener),
  };
}
