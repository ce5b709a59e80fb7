import { type Engine, PushType, type Session, ThingsError } from '../engine/engine.js';
import { WireEncoder, WireTooLargeError } from '../msgpack/wire-encoder.js';
import type { Wire } from '../msgpack/wire.js';
import { PUSH_PACKAGE_ID, RequestType, ResponseType } from './message-types.js';
import { encodePackage, type Package } from './package.js';
import { readCredentials, readEmit, readQuery, readRooms, readRun } from './request-body.js';

const INTERNAL_ERROR = -1;
const RESULT_TOO_LARGE = -6;
const AUTH_ERROR = -56;

/** The largest result that a node sends with its default settings. */
const MAX_RESULT_BYTES = 20 * 1024 * 1024;

/** What carries a connection's packages: a WebSocket or a TCP socket. */
export interface Transport {
  /** Sends the bytes of one package. */
  send(bytes: Buffer): void;
  /** Ends the connection at once, without a good-bye. */
  destroy(): void;
}

/** What a room tells goes to many: it is written once. Kept as long as the message is. */
const written = new WeakMap<object, Buffer>();

function pushPackage(type: number, body: Wire): Buffer {
  const known = typeof body === 'object' && body !== null ? written.get(body) : undefined;
  if (known !== undefined) return known;
  const bytes = encodePackage(PUSH_PACKAGE_ID, type, WireEncoder.encode(body));
  if (typeof body === 'object' && body !== null) written.set(body, bytes);
  return bytes;
}

/** One client: reads its requests, asks the engine, writes the answers and what its rooms tell. */
export class Connection implements Session {
  readonly #engine: Engine;
  readonly #transport: Transport;
  #isAuthenticated = false;
  #isOpen = true;
  /** Joins to be told after the answer to the request that is being handled; undefined outside a join. */
  #heldJoins: Wire[] | undefined;

  constructor(engine: Engine, transport: Transport) {
    this.#engine = engine;
    this.#transport = transport;
  }

  /** Handles one request. Never throws: what goes wrong is answered. */
  receive(pkg: Package): void {
    switch (pkg.type) {
      case RequestType.ping:
        return this.#send(pkg.id, ResponseType.pong);
      case RequestType.watch:
      case RequestType.unwatch:
        return this.#send(pkg.id, ResponseType.ok);
      case RequestType.auth:
        return this.#answer(pkg, () => this.#authenticate(pkg));
      case RequestType.query:
        return this.#answerWithValue(pkg, () => {
          const { scope, code, vars } = readQuery(pkg.body);
          return this.#engine.query(this, scope, code, vars);
        });
      case RequestType.run:
        return this.#answerWithValue(pkg, () => {
          const { scope, procedure, args } = readRun(pkg.body);
          return this.#engine.run(this, scope, procedure, args);
        });
      case RequestType.join:
        return this.#answer(pkg, () => this.#join(pkg));
      case RequestType.leave:
        return this.#answer(pkg, () => {
          const { scope, rooms } = readRooms(pkg.body);
          this.#sendData(pkg.id, this.#engine.leave(this, scope, rooms));
        });
      case RequestType.emit:
      case RequestType.emitPeers:
        return this.#answer(pkg, () => {
          const { scope, room, event, args } = readEmit(pkg.body);
          this.#engine.emit(this, scope, room, event, args, pkg.type === RequestType.emit);
          this.#send(pkg.id, ResponseType.ok);
        });
      default:
      // A node logs a type that it does not know and answers nothing.
    }
  }

  push(type: (typeof PushType)[keyof typeof PushType], body: Wire): void {
    if (type === PushType.join && this.#heldJoins !== undefined) this.#heldJoins.push(body);
    else if (this.#isOpen) this.#transport.send(pushPackage(type, body));
  }

  /** Tells the client about the node, if it has authenticated: others are told nothing. */
  pushNodeStatus(status: string): void {
    if (this.#isAuthenticated) this.push(PushType.nodeStatus, { id: 0n, status });
  }

  /** The socket is gone: nothing is sent any more. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#engine.drop(this);
  }

  #authenticate(pkg: Package): void {
    this.#engine.authenticate(this, readCredentials(pkg.body));
    this.#isAuthenticated = true;
    this.#send(pkg.id, ResponseType.ok);
  }

  /** The answer comes first and the event that tells of the join after it: clients rely on this order. */
  #join(pkg: Package): void {
    const { scope, rooms } = readRooms(pkg.body);
    const joins: Wire[] = [];
    this.#heldJoins = joins;
    try {
      this.#sendData(pkg.id, this.#engine.join(this, scope, rooms));
    } finally {
      this.#heldJoins = undefined;
      for (const join of joins) this.push(PushType.join, join);
    }
  }

  #answer(pkg: Package, handle: () => void): void {
    try {
      if (pkg.type !== RequestType.auth) this.#checkAuthenticated();
      handle();
    } catch (error) {
      this.#sendError(pkg.id, error);
    }
  }

  /** At once where the value is there at once. Nothing that a later request sets off may come before the answer. */
  #answerWithValue(pkg: Package, handle: () => Wire | Promise<Wire>): void {
    this.#answer(pkg, () => {
      const value = handle();
      if (!(value instanceof Promise)) return this.#sendData(pkg.id, value);
      value.then(
        (settled) => this.#sendData(pkg.id, settled),
        (error: unknown) => this.#sendError(pkg.id, error),
      );
    });
  }

  #checkAuthenticated(): void {
    if (!this.#isAuthenticated) throw new ThingsError(AUTH_ERROR, 'connection is not authenticated');
  }

  #sendData(id: number, value: Wire): void {
    try {
      this.#send(id, ResponseType.data, WireEncoder.encode(value, MAX_RESULT_BYTES));
    } catch (error) {
      this.#sendError(id, error);
    }
  }

  #sendError(id: number, error: unknown): void {
    const { code, message } = toThingsError(error);
    this.#send(id, ResponseType.error, WireEncoder.encode({ error_code: BigInt(code), error_msg: message }));
  }

  #send(id: number, type: number, body?: Uint8Array): void {
    if (this.#isOpen) this.#transport.send(encodePackage(id, type, body));
  }
}

function toThingsError(error: unknown): ThingsError {
  if (error instanceof ThingsError) return error;
  if (error instanceof WireTooLargeError) {
    return new ThingsError(
      RESULT_TOO_LARGE,
      'too much data to return; try to use a lower `deep` value and/or `wrap` things to reduce the data size; ' +
        'see https://docs.thingsdb.io/v1/data-types/thing/wrap',
    );
  }
  // Ours, not the client's: it must be seen in the test that met it, and must not end the server.
  return new ThingsError(INTERNAL_ERROR, `internal error in the embedded ThingsDB: ${String(error)}`);
}
