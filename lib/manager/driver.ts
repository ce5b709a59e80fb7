import { PackageType } from '../client/package-type.js';
import { joinNewRoom, type JoinRoom } from '../connection/join-room.js';
import { ServerError } from '../client/server-error.js';
import { LockClosedError, LockConnectionError, LockProtocolError } from '../errors.js';
import type { Send } from '../request/commands.js';
import type { LockProcedures } from '../schema/lock-procedures.js';
import type { Answer, BatchAnswer, Operation, RequestTerms } from '../schema/operations.js';
import type { RoomId } from '../schema/replies.js';
import { Batcher, type Asked, type Nudges } from './batcher.js';
import type { Desk, Outlet, Seat } from './desk.js';
import { KeepAlive } from './keep-alive.js';

/** What a driver needs of the connection. */
export interface Connection {
  readonly join: JoinRoom;
  /** Keeps the process alive, and a silent server found out in time for a lease of this ttl. Returns how to let go. */
  readonly keepAlive: (ttlMs: number) => () => void;
  readonly trouble: () => unknown;
  readonly nudges: Nudges;
  readonly isSearching: () => boolean;
}

/** Carries out what the desk wants of the server. Commands become calls, and their answers go back to the desk. */
export class Driver implements Outlet {
  readonly #procedures: LockProcedures;
  readonly #batcher: Batcher;
  readonly #connection: Connection;
  readonly #keepAlive: KeepAlive;
  #desk!: Desk;
  /** Calls under way. */
  #open = 0;
  readonly #onQuiet: (() => void)[] = [];

  constructor(procedures: LockProcedures, connection: Connection) {
    this.#procedures = procedures;
    this.#batcher = new Batcher((operations) => procedures.batch(operations), connection.nudges);
    this.#connection = connection;
    this.#keepAlive = new KeepAlive(connection.keepAlive);
  }

  /** Where answers and pushes go. */
  serve(desk: Desk): void {
    this.#desk = desk;
  }

  get trouble(): unknown {
    return this.#connection.trouble();
  }

  get isSearching(): boolean {
    return this.#connection.isSearching();
  }

  send(seat: Seat, call: Send): void {
    this.#open++;
    const { operation, isUrgent } = call;
    if (operation.kind === 'steal') void this.#steal(seat, call, operation.terms);
    else this.#batcher.ask(new AskedOf(this, seat, call, operation), isUrgent);
  }

  sendUrgent(): void {
    this.#batcher.flushUrgent();
  }

  /** @internal */
  answered(seat: Seat, call: Send, answer: Answer, told: BatchAnswer): void {
    this.#desk.answered(seat, call, answer, told, told.room);
    this.#closed();
  }

  /** @internal */
  failed(seat: Seat, call: Send, error: unknown): void {
    this.#desk.failed(seat, call, error, howItFailed(error));
    this.#closed();
  }

  join(room: RoomId): void {
    joinNewRoom(this.#connection.join, room).then(
      () => this.#desk.joined(room),
      (error: unknown) => this.#desk.notJoined(room, error, howItFailed(error)),
    );
  }

  keepAlive(fromMs: number | undefined, toMs: number | undefined): void {
    this.#keepAlive.move(fromMs, toMs);
  }

  /** A message that nobody asked for, in whatever room. */
  pushed(type: number, body: unknown): void {
    const { id, event, args } = (body ?? {}) as { id?: unknown; event?: unknown; args?: unknown };
    if (type === PackageType.roomDelete) this.#desk.roomGone(id);
    else if (type === PackageType.roomEmit && Array.isArray(args)) this.#desk.pushed(id, event, args);
  }

  /** Resolves when no call is under way. */
  quiet(): Promise<void> {
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onQuiet.push(resolve));
  }

  /** The process need not live for it any more. */
  stop(): void {
    this.#keepAlive.stop();
  }

  /** A call of its own. */
  async #steal(seat: Seat, call: Send, terms: RequestTerms): Promise<void> {
    let told: BatchAnswer;
    try {
      told = await this.#procedures.steal(terms);
    } catch (error) {
      this.failed(seat, call, error);
      return;
    }
    this.answered(seat, call, told.answers[0] as Answer, told);
  }

  #closed(): void {
    if (--this.#open > 0) return;
    for (const resolve of this.#onQuiet.splice(0)) resolve();
  }
}

/** A call of a request, on its way. */
class AskedOf implements Asked {
  readonly operation: Operation;
  readonly #driver: Driver;
  readonly #seat: Seat;
  readonly #call: Send;

  constructor(driver: Driver, seat: Seat, call: Send, operation: Operation) {
    this.operation = operation;
    this.#driver = driver;
    this.#seat = seat;
    this.#call = call;
  }

  answered(answer: Answer, told: BatchAnswer): void {
    this.#driver.answered(this.#seat, this.#call, answer, told);
  }

  failed(error: unknown): void {
    this.#driver.failed(this.#seat, this.#call, error);
  }
}

/** Whether another try may help. An answer that cannot be read is none: the server may have done what was asked. */
function howItFailed(error: unknown): 'unanswered' | 'refused' {
  if (error instanceof LockProtocolError)
    return error.cause instanceof ServerError ? 'refused' : 'unanswered';
  return error instanceof LockConnectionError || error instanceof LockClosedError ? 'unanswered' : 'refused';
}
