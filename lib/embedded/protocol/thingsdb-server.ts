import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket as NetSocket,
} from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket as Ws, WebSocketServer } from 'ws';
import type { Clock, Engine } from '../engine/engine.js';
import { Connection } from './connection.js';
import { Faults } from './faults.js';
import { Link, type Socket } from './link.js';
import { PackageReader } from './package-reader.js';
import { decodePackage, HEADER_BYTES, MAX_BODY_BYTES, type Package } from './package.js';
import { TcpSocket } from './tcp-socket.js';
import { Line, Turns } from './turns.js';
import { WebSocket } from './web-socket.js';

/** With this status and in this form, a node's HTTP API answers that an operation failed. */
const HTTP_OPERATION_ERROR = 422;
const PLAIN_TEXT = { 'Content-Type': 'text/plain' };
const NO_HTTP_API =
  'not supported by the embedded ThingsDB: the HTTP API; this port is for WebSockets (-63)\r\n';

const SUB_PROTOCOL = 'thingsdb-protocol';
const GOING_AWAY = 1001;

/** How long clients are given to answer the good-bye before their sockets are taken away. */
const GOOD_BYE_MS = 200;

// Taken now, while they are real: a test may put fake timers in place later.
const { setTimeout, clearTimeout } = globalThis;

const MAX_HELD_BYTES = 256 * 1024 * 1024;

/** A client that has sent less of a request is not looked at for it. */
const MANY_BYTES = 1024 * 1024;

/** Where the server listens, on this machine only: its first user has a password that everybody knows. */
const HOST = '127.0.0.1';

/** What pages of this machine call it. */
const OWN_HOSTS: ReadonlySet<string> = new Set([HOST, 'localhost', '[::1]']);

export interface ThingsDBServerOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly faults?: Faults;
  /** 0 is any free port. */
  readonly port: number;
  /** 0 is any free port. */
  readonly tcpPort: number;
  /** Whether small packages leave by TCP at once; default `true`. A real node does not see to that. */
  readonly tcpNoDelay?: boolean | undefined;
  /** Bytes held for all clients together: of requests that are not complete, and of answers that are not taken. */
  readonly maxHeldBytes?: number;
}

interface Client {
  readonly connection: Connection;
  readonly link: Link;
  readonly line: Line;
  /** Bytes of a request that is not complete. */
  requestBytes: number;
  /** Says good-bye where the kind of socket has one. */
  end(): void;
}

/** Serves an engine over WebSocket and TCP. Create it with {@link ThingsDBServer.listen}. */
export class ThingsDBServer {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #tcpNoDelay: boolean;
  readonly #maxHeldBytes: number;
  readonly #clients = new Set<Client>();
  readonly #sockets = new Set<NetSocket>();
  readonly #turns: Turns;
  readonly #http: HttpServer = createHttpServer((_request, response) => {
    this.#faults.whenRunning(() => response.writeHead(HTTP_OPERATION_ERROR, PLAIN_TEXT).end(NO_HTTP_API));
  });
  readonly #tcp: Server = createTcpServer();
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: HEADER_BYTES + MAX_BODY_BYTES,
    perMessageDeflate: false,
    // A node looks at the bytes only, in text frames too.
    skipUTF8Validation: true,
    handleProtocols: (offered) => (offered.has(SUB_PROTOCOL) ? SUB_PROTOCOL : false),
  });

  private constructor(options: ThingsDBServerOptions) {
    this.#engine = options.engine;
    this.#clock = options.clock;
    this.#faults = options.faults ?? new Faults();
    this.#turns = new Turns((action) => this.#faults.whenRunning(action));
    this.#tcpNoDelay = options.tcpNoDelay ?? true;
    this.#maxHeldBytes = options.maxHeldBytes ?? MAX_HELD_BYTES;
    for (const server of [this.#http, this.#tcp]) {
      server.on('connection', (socket: NetSocket) => {
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
        if (this.#faults.isRefusing) socket.resetAndDestroy();
      });
    }
    this.#tcp.on('connection', (socket: NetSocket) => this.#acceptTcp(socket));
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      if (isForeign(request.headers.origin)) {
        socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      this.#faults.whenRunning(() => {
        this.#webSockets.handleUpgrade(request, socket, head, (ws) => this.#acceptWebSocket(ws, socket));
      });
    });
  }

  /** Resolves when both ports accept connections; rejects (`EADDRINUSE` ...) when one cannot be had. */
  static async listen(options: ThingsDBServerOptions): Promise<ThingsDBServer> {
    const server = new ThingsDBServer(options);
    try {
      await listen(server.#http, options.port);
      await listen(server.#tcp, options.tcpPort);
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** The WebSocket's port. */
  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get tcpPort(): number {
    return (this.#tcp.address() as AddressInfo).port;
  }

  /** Over TCP. */
  get url(): string {
    return `thingsdb://${HOST}:${this.tcpPort}`;
  }

  get wsUrl(): string {
    return `ws://${HOST}:${this.port}`;
  }

  /** Tells the clients that the node shuts down, as a node does, and closes. Resolves when both ports are free again. */
  async close(): Promise<void> {
    const closed = Promise.all([closeServer(this.#http), closeServer(this.#tcp)]);
    for (const client of [...this.#clients]) {
      client.connection.pushNodeStatus('SHUTTING_DOWN');
      client.end();
    }
    this.#webSockets.close();
    // One that is frozen says nothing, and is not asked to.
    const deadline = setTimeout(() => this.#destroySockets(), this.#faults.isFrozen ? 0 : GOOD_BYE_MS);
    await closed;
    clearTimeout(deadline);
    // A server may be done before it has told of its last sockets.
    for (const client of [...this.#clients]) this.#removeClient(client);
  }

  #destroySockets(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #acceptTcp(socket: NetSocket): void {
    if (this.#faults.isRefusing) return;
    const reader = new PackageReader();
    const client = this.#addClient(new TcpSocket(socket, this.#tcpNoDelay), () => socket.end());
    socket.on('data', (chunk) =>
      this.#receive(client, () => {
        reader.read(chunk, (pkg) => this.#handle(client, pkg));
        this.#hold(client, reader.waitingBytes);
      }),
    );
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#leave(client));
  }

  #acceptWebSocket(ws: Ws, socket: Duplex): void {
    const client = this.#addClient(new WebSocket(ws), () => ws.close(GOING_AWAY));
    // What has come of a message that is not complete.
    socket.on('data', (chunk: Buffer) => this.#hold(client, client.requestBytes + chunk.length));
    ws.on('message', (data: RawData) => {
      client.requestBytes = 0;
      this.#receive(client, () => this.#handle(client, readMessage(data)));
    });
    ws.on('error', () => ws.terminate());
    ws.on('close', () => this.#leave(client));
  }

  #addClient(socket: Socket, end: () => void): Client {
    const link = new Link(socket, this.#faults, this.#clock, () => this.#isCrowded());
    const line = new Line((isWaiting) => {
      link.isWaiting = isWaiting;
    });
    const client = { connection: new Connection(this.#engine, link), link, line, requestBytes: 0, end };
    this.#clients.add(client);
    return client;
  }

  /** Gone, when what it has asked for before is done. */
  #leave(client: Client): void {
    this.#faults.whenRunning(() => this.#turns.add(client.line, () => this.#removeClient(client)));
  }

  /**
   * A request that is not complete takes memory. The last one's connection ends, so that many cannot take all memory.
   */
  #hold(client: Client, bytes: number): void {
    client.requestBytes = bytes;
    if (bytes > MANY_BYTES && this.#isCrowded()) client.link.destroy();
  }

  #isCrowded(): boolean {
    let sum = 0;
    for (const { link, requestBytes } of this.#clients) sum += link.waitingBytes + requestBytes;
    return sum > this.#maxHeldBytes;
  }

  #handle(client: Client, pkg: Package): void {
    this.#turns.add(client.line, () => {
      if (this.#clients.has(client)) client.connection.receive(pkg);
    });
  }

  #removeClient(client: Client): void {
    this.#clients.delete(client);
    client.link.close();
    client.connection.close();
  }

  /** Whatever a client's bytes lead to is that client's: a malformed package ends its connection and no other. */
  #receive(client: Client, read: () => void): void {
    this.#faults.whenRunning(() => {
      if (!this.#clients.has(client)) return;
      try {
        read();
      } catch {
        // After the answers to what came before it.
        this.#turns.add(client.line, () => client.link.destroy());
      }
    });
  }
}

/**
 * Whether a connection was opened by a web page that is not of this machine. Browsers say so; other clients say
 * nothing. A page may open WebSockets to wherever it likes. So any page could log in with a password that everybody
 * knows.
 */
function isForeign(origin: string | undefined): boolean {
  if (origin === undefined) return false;
  if (!URL.canParse(origin)) return true;
  return !OWN_HOSTS.has(new URL(origin).hostname);
}

function readMessage(data: RawData): Package {
  return decodePackage(
    Buffer.isBuffer(data) ? data : Buffer.concat([data].flat().map((part) => new Uint8Array(part))),
  );
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (server.listening) server.close(() => resolve());
    else resolve();
  });
}
