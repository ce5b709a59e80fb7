import { pause } from '../async/pause.js';
import { within } from '../async/within.js';
import type { AnnouncedRuns } from '../client/announcing-client.js';
import { LOOKUP_ERROR, serverCode } from '../client/server-error.js';
import { LockConnectionError, LockSetupError, type LockError, LockProtocolError } from '../errors.js';
import type { CallOptions, Reply } from '../schema/lock-procedures.js';
import type { RoomId } from '../schema/replies.js';
import type { NodeConnection } from './node-connection.js';
import { Preparation } from './preparation.js';
import type { Session } from './session.js';

export interface CallsOptions {
  readonly collection: string;
  readonly prefix: string;
  readonly requestTimeout: number;
  /** The procedure that is run most, whose runs a client may announce, and arguments that have no effect. */
  readonly announced?: Omit<AnnouncedRuns, 'scope'>;
  /** Makes sure that the collection can be used; rejects with a `LockError`. */
  readonly setUp: (connection: NodeConnection) => Promise<void>;
}

const EARLY_MS = 2;
/** How often one call may find the collection gone after it was set up anew. */
const MOST_SETUPS = 1;
/** A node that cannot serve passes a call on to one that may learn of a setup so much later. */
const SETUP_LAG_MS = 1_000;
const LAG_DELAY_MS = 50;

/** How a manager's calls get to the server: over what connection, after the setup, and how often. */
export class Calls {
  readonly #session: Session;
  readonly #scope: string;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  readonly #preparation: Preparation;
  readonly #announced: AnnouncedRuns | undefined;
  #announcedOn: NodeConnection | undefined;

  constructor(session: Session, { collection, prefix, requestTimeout, setUp, announced }: CallsOptions) {
    this.#session = session;
    this.#scope = `//${collection}`;
    this.#prefix = prefix;
    this.#timeoutMs = requestTimeout;
    this.#announced = announced && {
      scope: this.#scope,
      procedure: prefix + announced.procedure,
      insteadOf: announced.insteadOf.map((other) => prefix + other),
      idle: announced.idle,
    };
    this.#preparation = new Preparation(setUp, async (connection) => {
      // It joins no room, and is refused like a call that joins one.
      await connection.join(this.#scope);
    });
  }

  /** Whether any may have reached a server. */
  get wereSent(): boolean {
    return this.#announcedOn !== undefined;
  }

  /** Connects and sets up. With it the user is known to have the right JOIN. */
  async ready(): Promise<void> {
    this.#session.callBegan();
    try {
      await this.#repeated({ endMs: this.#endMs(), needsJoin: true }, () => Promise.resolve());
    } finally {
      this.#session.callEnded();
    }
  }

  /**
   * Runs a procedure. It is sent again when the connection is lost under it, the node cannot serve, or the server is
   * silent. Every procedure may be repeated.
   *
   * @throws LockConnectionError if there is no answer within the request time-out, or no node can be reached
   */
  run(procedure: string, args: unknown[], { needsJoin = false }: CallOptions = {}): Promise<Reply> {
    const sentMs = performance.now();
    const call = { procedure: this.#prefix + procedure, args, needsJoin, endMs: sentMs + this.#timeoutMs };
    this.#session.callBegan();
    const connection = this.#session.current;
    const { generation } = this.#preparation;
    const isReady = connection === this.#announcedOn && this.#preparation.isDone(needsJoin);
    if (connection === undefined || !isReady) return this.#runUntilAnswered(call);
    // At once when all is ready: an acknowledgement has to be sent before the caller's code goes on.
    return connection.run(this.#scope, call.procedure, args).then(
      (value) => {
        this.#session.proved();
        this.#session.callEnded();
        return { value, sentMs, wasRepeated: false };
      },
      (error: unknown) => this.#runUntilAnswered(call, { error, connection, generation }),
    );
  }

  /** After a call that {@link Session.callBegan} knows of. */
  async #runUntilAnswered(call: Call, failure?: Failure): Promise<Reply> {
    // What had no answer may have been done all the same.
    let wasRepeated = failure?.error instanceof LockConnectionError;
    const send = async (connection: NodeConnection): Promise<Reply> => {
      this.#announce(connection);
      const sentMs = performance.now();
      try {
        const value = await connection.run(this.#scope, call.procedure, call.args);
        this.#session.proved();
        return { value, sentMs, wasRepeated };
      } catch (error) {
        wasRepeated ||= error instanceof LockConnectionError;
        throw error;
      }
    };
    try {
      return await this.#repeated(call, send, failure);
    } finally {
      this.#session.callEnded();
    }
  }

  /**
   * Whether the node knows the room. Not repeated: only the connection that joins is in the room. A node that is
   * synchronizing passes calls on to others, and takes nobody into a room. Another node is connected to then.
   */
  async join(roomId: RoomId): Promise<boolean> {
    const connection = await this.#connected({ endMs: this.#endMs() });
    let joined: unknown;
    try {
      joined = await connection.join(this.#scope, roomId as number);
    } catch (error) {
      if (error instanceof LockConnectionError && this.#session.nodes > 1)
        this.#session.giveUp(connection, error);
      throw error;
    }
    if (!Array.isArray(joined)) throw new LockProtocolError('join was not answered with a list of rooms');
    return joined[0] === roomId;
  }

  async leave(roomId: RoomId): Promise<void> {
    await this.#session.current?.leave(this.#scope, roomId as number);
  }

  /** Once for each connection, and not before the procedures are there. */
  #announce(connection: NodeConnection): void {
    if (connection === this.#announcedOn) return;
    this.#announcedOn = connection;
    if (this.#announced !== undefined) connection.announceRuns(this.#announced);
  }

  #endMs(): number {
    return performance.now() + this.#timeoutMs;
  }

  /** @param failed what a first try has come to */
  async #repeated<T>(
    limits: Limits,
    send: (connection: NodeConnection) => Promise<T>,
    failed?: Failure,
  ): Promise<T> {
    let failure = failed;
    let setups = 0;
    for (;;) {
      if (failure !== undefined && setups > 0 && this.#mayLag(failure, limits)) await pause(LAG_DELAY_MS);
      else if (failure !== undefined && this.#mayRepeat(failure, limits, setups)) setups++;
      const connection = this.#session.current ?? (await this.#connected(limits));
      const { generation } = this.#preparation;
      try {
        if (failure === undefined && this.#preparation.isDone(limits.needsJoin))
          return await send(connection);
        // A call that is sent again has less time left than the client gives it.
        return await within(this.#prepared(connection, limits, send), limits.endMs - performance.now(), () =>
          this.#late(),
        );
      } catch (error) {
        failure = { error, connection, generation };
      }
    }
  }

  /** Whether the node that has answered may not know the setup yet that was just made. */
  #mayLag({ error }: Failure, { endMs }: Limits): boolean {
    const lagEndMs = this.#preparation.madeMs + SETUP_LAG_MS;
    return isMissing(error) && performance.now() + LAG_DELAY_MS < Math.min(lagEndMs, endMs);
  }

  /** Throws what another try cannot help against. Otherwise tells whether all has to be set up anew before it. */
  #mayRepeat({ error, connection, generation }: Failure, limits: Limits, setups: number): boolean {
    if (isMissing(error) && setups < MOST_SETUPS && performance.now() < limits.endMs)
      return this.#missingOn(connection, generation, error);
    this.#assertRepeatable(error, connection, limits);
    return false;
  }

  async #prepared<T>(
    connection: NodeConnection,
    { needsJoin }: Limits,
    send: (connection: NodeConnection) => Promise<T>,
  ): Promise<T> {
    await this.#preparation.prepare(connection, needsJoin);
    return send(connection);
  }

  /** Throws what another try cannot help against; otherwise sees to it that the next one is over another connection. */
  #assertRepeatable(error: unknown, connection: NodeConnection, { endMs }: Limits): void {
    if (!(error instanceof LockConnectionError)) throw error;
    // Timers are a little early at times.
    if (performance.now() + EARLY_MS >= endMs || !this.#session.canReopen) throw error;
    // The only node, and it lives: a new connection to it would only cost the other calls their answers.
    const isSlow = error.cause === undefined && connection.endedBy === undefined;
    if (!isSlow || this.#session.nodes > 1) this.#session.giveUp(connection, error);
  }

  /**
   * The collection was there and is not on this node. A node that is coming back may not know it yet. If no node does,
   * the server has lost it. It is then set up anew, once for all who wait for it. Tells whether it is.
   */
  #missingOn(connection: NodeConnection, generation: number, error: LockError): boolean {
    if (!this.#preparation.isMissing(generation, connection, this.#session.nodes)) {
      this.#session.giveUp(connection, new LockConnectionError(error.message, { cause: error }));
      return false;
    }
    return true;
  }

  async #connected(limits: Pick<Limits, 'endMs'>): Promise<NodeConnection> {
    return within(this.#session.connection(), limits.endMs - performance.now(), () => this.#late());
  }

  #late(): LockError {
    const { trouble } = this.#session;
    const why = trouble === undefined ? '' : `: ${trouble.message}`;
    const message = `no answer within ${this.#timeoutMs} ms${why}`;
    return new LockConnectionError(message, { cause: trouble });
  }
}

interface Limits {
  /** Until when its answer is of use, on the monotonic clock. */
  readonly endMs: number;
  readonly needsJoin: boolean;
}

interface Call extends Limits {
  readonly procedure: string;
  readonly args: unknown[];
}

/** What a try has come to. */
interface Failure {
  readonly error: unknown;
  readonly connection: NodeConnection;
  /** The setup that it was made with. */
  readonly generation: number;
}

function isMissing(error: unknown): error is LockSetupError {
  return error instanceof LockSetupError && serverCode(error) === LOOKUP_ERROR;
}
