import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { decode } from '@msgpack/msgpack';
import { WebSocketServer, type WebSocket } from 'ws';
import { bytesOf, type Sent } from './wire.js';

/** A request as it came in. `procedure` and `args` are those of a RUN. */
export interface ScriptedCall {
  readonly type: number;
  readonly id: number;
  readonly procedure: string | undefined;
  readonly args: readonly unknown[];
  readonly atMs: number;
}

/** What a call is answered with. */
export type Reply =
  | { readonly result: Sent }
  | { readonly error: Sent }
  /** A body that need not be MessagePack, in a package of this type. */
  | { readonly type: number; readonly body: Buffer }
  /** Whole packages, or none. */
  | { readonly bytes: (id: number) => Buffer }
  | 'nothing'
  | 'close';

export type Transport = 'thingsdb' | 'ws';

export const ServerPackage = { emit: 8, pong: 16, ok: 17, data: 18, error: 19 } as const;
export const ClientPackage = { ping: 32, auth: 33, query: 34, run: 37, join: 38, leave: 39 } as const;

const HEADER_BYTES = 8;
/** The room of every inbox. */
export const ROOM = 7n;
const WATCH_ROOM = 100n;
const TTL_US = 60_000_000;

/** A package made by hand. */
export function packageOf(id: number, type: number, body: Buffer, size = body.length): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(size, 0);
  header.writeUInt16LE(id, 4);
  header.writeUInt8(type, 6);
  header.writeUInt8(255 - type, 7);
  return Buffer.concat([header, body]);
}

/** Whether the call is a list of operations. */
export function isBatch({ procedure }: ScriptedCall): boolean {
  return procedure === 'lock_batch' || procedure === 'lock_change';
}

/** Now, in the server's microseconds. */
export function nowUs(): number {
  return Date.now() * 1000;
}

/**
 * A server that answers as a spec tells it to, over TCP or over WebSocket. What the spec leaves to it it answers as a
 * server does that grants everybody everything.
 */
export class ScriptedServer implements AsyncDisposable {
  readonly calls: ScriptedCall[] = [];
  /** `undefined`: as an honest server. */
  script: (call: ScriptedCall) => Reply | undefined = () => undefined;
  /** What is sent as soon as somebody has connected. */
  greeting: Buffer | undefined;
  /** Sees each package of a client. */
  onBytes: (bytes: Buffer) => void = () => undefined;
  readonly url: string;
  readonly #server: Server;
  readonly #peers = new Set<(bytes: Buffer | 'close') => void>();
  readonly #sockets = new Set<Socket>();
  /** Of the requests that it has granted. */
  readonly #dues = new Map<string, number>();

  private constructor(server: Server, transport: Transport) {
    this.#server = server;
    this.url = `${transport}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      if (transport === 'thingsdb') this.#serveTcp(socket);
    });
    if (transport === 'ws') {
      const sockets = new WebSocketServer({ server: server as ReturnType<typeof createHttpServer> });
      sockets.on('connection', (socket) => this.#serveWebSocket(socket));
    }
  }

  static async start(transport: Transport = 'thingsdb'): Promise<ScriptedServer> {
    const server = transport === 'ws' ? createHttpServer() : createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ScriptedServer(server, transport);
  }

  /** Tells all clients something in a room. */
  push(event: Sent, args: Sent, room: Sent = ROOM): void {
    const entries = { id: room, event, args };
    this.pushBody(
      Buffer.concat([
        Buffer.of(0x83),
        ...Object.entries(entries).flatMap(([key, value]) => [bytesOf(key), bytesOf(value)]),
      ]),
    );
  }

  pushBody(body: Buffer, type: number = ServerPackage.emit): void {
    this.send(packageOf(0xffff, type, body));
  }

  send(bytes: Buffer): void {
    for (const send of this.#peers) send(bytes);
  }

  /** The operations of one kind that were asked for. */
  operations(kind: string): unknown[][] {
    return this.calls
      .filter(isBatch)
      .flatMap(({ args }) => args[3] as unknown[][])
      .filter(([name]) => name === kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serveTcp(socket: Socket): void {
    socket.setNoDelay(true);
    const send = (bytes: Buffer | 'close'): void => {
      if (bytes === 'close') socket.destroy();
      else socket.write(bytes);
    };
    this.#welcome(send);
    socket.on('close', () => this.#peers.delete(send));
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= HEADER_BYTES && rest.length >= HEADER_BYTES + rest.readUInt32LE(0)) {
        const end = HEADER_BYTES + rest.readUInt32LE(0);
        this.#answer(rest.subarray(0, end), send);
        rest = rest.subarray(end);
      }
    });
  }

  #serveWebSocket(socket: WebSocket): void {
    const send = (bytes: Buffer | 'close'): void => {
      if (bytes === 'close') socket.terminate();
      else socket.send(bytes);
    };
    this.#welcome(send);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#peers.delete(send));
    socket.on('message', (data: Buffer) => this.#answer(data, send));
  }

  #welcome(send: (bytes: Buffer | 'close') => void): void {
    this.#peers.add(send);
    if (this.greeting !== undefined) send(this.greeting);
  }

  #answer(bytes: Buffer, send: (bytes: Buffer | 'close') => void): void {
    this.onBytes(bytes);
    const body: unknown = bytes.length > HEADER_BYTES ? decode(bytes.subarray(HEADER_BYTES)) : undefined;
    const [, procedure, args] = Array.isArray(body) ? (body as [unknown, unknown, unknown]) : [];
    const call: ScriptedCall = {
      type: bytes.readUInt8(6),
      id: bytes.readUInt16LE(4),
      procedure: bytes.readUInt8(6) === ClientPackage.run ? String(procedure) : undefined,
      args: Array.isArray(args) ? (args as unknown[]) : [],
      atMs: performance.now(),
    };
    this.calls.push(call);
    const reply = this.script(call) ?? this.#honest(call, body);
    if (reply === 'close') send('close');
    else if (reply !== 'nothing') send(packagesOf(call.id, reply));
  }

  #honest({ type, procedure, args }: ScriptedCall, body: unknown): Reply {
    if (type === ClientPackage.ping) return { type: ServerPackage.pong, body: Buffer.alloc(0) };
    if (type === ClientPackage.auth) return { type: ServerPackage.ok, body: Buffer.alloc(0) };
    if (type === ClientPackage.query) return { result: [1n, 1n] };
    if (type !== ClientPackage.run) return { result: (body as number[]).slice(1).map(BigInt) };
    switch (procedure) {
      case 'lock_schema':
        return { result: [1n, 1n] };
      case 'lock_batch':
      case 'lock_change':
        return { result: this.#batch(args[3] as unknown[][]) };
      case 'lock_steal':
        return { result: this.#batch([args[2] as unknown[]]) };
      case 'lock_query':
        return { result: [BigInt(nowUs()), null, [], 0n] };
      case 'lock_watch':
        return { result: (args[0] as unknown[]).map((_, i) => WATCH_ROOM + BigInt(i)) };
      case 'lock_locked':
      case 'lock_close':
        return { result: false };
      default:
        return { result: 0n };
    }
  }

  #batch(operations: readonly unknown[][]): Sent {
    const at = nowUs();
    const answers = operations.map((operation): Sent => this.#decide(operation, at));
    return [BigInt(at), ROOM, answers];
  }

  #decide([kind, first, second, , fourth]: readonly unknown[], at: number): Sent {
    const isNew = kind === 'acquire' || kind === 'try';
    const id = String(isNew ? first : second);
    if (isNew) this.#dues.set(id, at + Number(fourth) * 1000);
    const isKnown = this.#dues.has(id);
    if (kind === 'release' || kind === 'withdraw' || kind === 'keep') {
      this.#dues.delete(id);
      return isKnown ? [5n, 2n, BigInt(at)] : [5n, 0n];
    }
    if (kind === 'adopt') this.#dues.set(id, at + TTL_US);
    else if (!isKnown) return [0n, 0n];
    if (kind === 'extend' || kind === 'transfer' || kind === 'acknowledge') this.#dues.set(id, at + TTL_US);
    return [2n, BigInt(this.#dues.get(id) ?? 0), BigInt(at)];
  }
}

function packagesOf(id: number, reply: Exclude<Reply, string>): Buffer {
  if ('bytes' in reply) return reply.bytes(id);
  if ('result' in reply) return packageOf(id, ServerPackage.data, bytesOf(reply.result));
  if ('error' in reply) return packageOf(id, ServerPackage.error, bytesOf(reply.error));
  return packageOf(id, reply.type, reply.body);
}
