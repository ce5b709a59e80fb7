import { connect, type Socket } from 'node:net';
import { decode, encode, ExtensionCodec } from '@msgpack/msgpack';
import { bytesOf, type Sent } from './wire.js';

/** An answer as it came. */
export interface HostileAnswer {
  /** The code of an error; `undefined` for a result. */
  readonly errorCode: number | undefined;
  readonly errorText: string;
  readonly result: unknown;
  /** All of its bytes: what it gives away is looked for here. */
  readonly bytes: Buffer;
  readonly tookMs: number;
}

interface PendingCall {
  readonly resolve: (answer: HostileAnswer) => void;
  readonly reject: (reason: Error) => void;
  readonly sentMs: number;
}

const Type = { run: 37, join: 38, emit: 40, auth: 33, query: 34 } as const;
const HEADER_BYTES = 8;
const ERROR = 19;
const FIRST_ANSWER = 16;
const LAST_ID = 0xfffe;
/** A server that has not answered by then does not, unless it is given longer. */
const ANSWER_MS = 10_000;

/** What comes back is judged by its bytes; extension types are only kept apart from the rest. */
const codec = new ExtensionCodec();
for (let type = 0; type < 8; type++) {
  codec.register({ type, encode: () => null, decode: (bytes) => ({ extension: type, bytes }) });
}

/**
 * A client that sends whatever it is given, over a TCP connection of its own, and keeps all that comes in.
 * Several calls may be under way at once.
 */
export class HostileClient {
  readonly #socket: Socket;
  readonly #answerMs: number;
  readonly #pending = new Map<number, PendingCall>();
  readonly #pushed: Buffer[] = [];
  #id = 0;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, answerMs: number) {
    this.#socket = socket;
    this.#answerMs = answerMs;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const { reject } of this.#pending.values()) reject(new Error('the server closed the connection'));
      this.#pending.clear();
    });
  }

  static async connect(
    { host, port }: { host: string; port: number },
    credentials: { username: string; password: string },
    answerMs = ANSWER_MS,
  ): Promise<HostileClient> {
    const socket = connect(port, host);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const client = new HostileClient(socket, answerMs);
    const body = Buffer.from(encode([credentials.username, credentials.password]));
    const { errorCode, errorText } = await client.#request(Type.auth, body);
    if (errorCode !== undefined) throw new Error(`cannot log in as ${credentials.username}: ${errorText}`);
    return client;
  }

  /** All that was pushed since it was last asked for. */
  takePushed(): Buffer[] {
    return this.#pushed.splice(0);
  }

  run(scope: string, procedure: string, args: Sent): Promise<HostileAnswer> {
    return this.#request(Type.run, bytesOf([scope, procedure, args]));
  }

  emit(scope: string, room: Sent, event: string, args: readonly Sent[]): Promise<HostileAnswer> {
    return this.#request(Type.emit, bytesOf([scope, room, event, ...args]));
  }

  join(scope: string, rooms: readonly Sent[]): Promise<HostileAnswer> {
    return this.#request(Type.join, bytesOf([scope, ...rooms]));
  }

  query(scope: string, code: string): Promise<HostileAnswer> {
    return this.#request(Type.query, bytesOf([scope, code]));
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.end();
    await closed;
  }

  #request(type: number, body: Buffer): Promise<HostileAnswer> {
    do this.#id = this.#id === LAST_ID ? 1 : this.#id + 1;
    while (this.#pending.has(this.#id));
    const id = this.#id;
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(body.length, 0);
    header.writeUInt16LE(id, 4);
    header.writeUInt8(type, 6);
    header.writeUInt8(255 - type, 7);
    return new Promise((resolve, reject) => {
      if (!this.#socket.writable) {
        reject(new Error('the server has closed the connection'));
        return;
      }
      const timer = setTimeout(() => {
        // The id stays taken: the answer may still come.
        reject(new Error(`no answer within ${this.#answerMs} ms`));
      }, this.#answerMs);
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          settle(value);
        };
      this.#pending.set(id, {
        resolve: settled(resolve),
        reject: settled(reject),
        sentMs: performance.now(),
      });
      this.#socket.write(Buffer.concat([header, body]));
    });
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.#rest.readUInt32LE(0);
      if (this.#rest.length < end) return;
      const data = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      this.#receive(data);
    }
  }

  #receive(data: Buffer): void {
    const type = data.readUInt8(6);
    if (type < FIRST_ANSWER) {
      this.#pushed.push(data);
      return;
    }
    const id = data.readUInt16LE(4);
    const call = this.#pending.get(id);
    if (call === undefined) return;
    this.#pending.delete(id);
    const bytes = data.subarray(HEADER_BYTES);
    const tookMs = performance.now() - call.sentMs;
    const body = bytes.length > 0 ? decode(bytes, { useBigInt64: true, extensionCodec: codec }) : undefined;
    if (type !== ERROR) {
      call.resolve({ errorCode: undefined, errorText: '', result: body, bytes, tookMs });
      return;
    }
    const { error_code: errorCode, error_msg: errorText } = body as { error_code: number; error_msg: string };
    call.resolve({ errorCode, errorText, result: undefined, bytes, tookMs });
  }
}
