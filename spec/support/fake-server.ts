import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { decode, encode } from '@msgpack/msgpack';
import { WebSocketServer, type WebSocket } from 'ws';

/** A request as it arrived; `connection` is where to answer it. */
export interface FakeRequest {
  readonly id: number;
  readonly type: number;
  readonly body: unknown;
  readonly connection: WebSocket;
}

/** A package made by hand, apart from the code under test: the two must agree on the bytes. */
export function packageBytes(id: number, type: number, body?: unknown): Buffer {
  const encoded = body === undefined ? Buffer.alloc(0) : Buffer.from(encode(body, { useBigInt64: true }));
  const header = Buffer.alloc(8);
  header.writeUInt32LE(encoded.length, 0);
  header.writeUInt16LE(id, 4);
  header.writeUInt8(type, 6);
  header.writeUInt8(255 - type, 7);
  return Buffer.concat([header, encoded]);
}

/**
 * A WebSocket server that answers as a spec tells it to. Unless told otherwise it answers `ping` (32) with a pong,
 * `auth` (33) with OK, and everything else with its own arguments.
 */
export class FakeServer {
  readonly requests: FakeRequest[] = [];
  /** The port at the other end of each connection there has been. */
  readonly remotePorts: (number | undefined)[] = [];
  onRequest: (request: FakeRequest) => void = answer;
  onConnection: (connection: WebSocket) => void = () => undefined;
  readonly #server: TcpServer;
  readonly #sockets: WebSocketServer;
  readonly #scheme: string;
  readonly #waiting: { count: number; resolve: () => void }[] = [];

  private constructor(server: TcpServer, scheme: string) {
    this.#server = server;
    this.#scheme = scheme;
    this.#sockets = new WebSocketServer({ server: server as ReturnType<typeof createHttpServer> });
    this.#sockets.on('connection', (connection, request) => {
      this.remotePorts.push(request.socket.remotePort);
      connection.on('message', (data) => this.#receive(connection, data as Buffer));
      connection.on('error', () => undefined);
      this.onConnection(connection);
    });
  }

  static async start(tls?: { key: string; cert: string }): Promise<FakeServer> {
    const server = tls === undefined ? createHttpServer() : createHttpsServer(tls);
    const fake = new FakeServer(server, tls === undefined ? 'ws' : 'wss');
    await new Promise<void>((resolve) => server.listen(0, resolve));
    return fake;
  }

  get url(): string {
    return `${this.#scheme}://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  get connections(): WebSocket[] {
    return [...this.#sockets.clients];
  }

  /** Resolves once that many requests have come in since the start. */
  async received(count: number): Promise<void> {
    if (this.requests.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  /** Sends the same bytes to every client. */
  push(bytes: Buffer | string): void {
    for (const connection of this.connections) connection.send(bytes);
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #receive(connection: WebSocket, data: Buffer): void {
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
