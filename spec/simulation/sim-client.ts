import { LockConnectionError, LockProtocolError } from '../../lib/errors.js';
import type { Clock, Timer } from '../../lib/manager/clock.js';
import { Desk, type Outlet, type Seat } from '../../lib/manager/desk.js';
import type { Send } from '../../lib/request/commands.js';
import type { Now } from '../../lib/request/inputs.js';
import { answersOf } from '../../lib/schema/answers.js';
import { encodedOperation, procedureFor } from '../../lib/schema/lock-procedures.js';
import type { Operation } from '../../lib/schema/operations.js';
import type { RoomId } from '../../lib/schema/replies.js';
import type { Random } from '../chaos/random.js';
import { SimConnection, type ClientEnd, type Reply, type Weather } from './sim-connection.js';
import { PushType, type SimServer } from './sim-server.js';
import type { World } from './world.js';

const REQUEST_TIMEOUT_MS = 1_000;
const WALL_MS = 1_900_000_000_000;
const JOIN_AGAIN_MS = 50;
/** Timers ring a little later: what is added and taken away again may come out a little less. */
const TINY_MS = 1e-6;

interface OpenCall {
  readonly id: number;
  readonly procedure: string;
  readonly args: readonly unknown[];
  readonly done: (reply: Reply, how: { readonly sentMs: number; readonly wasRepeated: boolean }) => void;
  readonly failed: (error: unknown) => void;
  timesSent: number;
  /** When it was sent last: the answer is to that copy, as the connections of all others are lost. */
  sentMs: number;
  isLate: () => void;
}

/** A clock that stands still while the process is asleep; and the one on the wall, that can be set. */
class SimClock implements Clock {
  readonly #world: World;
  /** How long the machine has slept. */
  sleptMs = 0;
  setMs = 0;

  constructor(world: World) {
    this.#world = world;
  }

  now(): Now {
    return { ms: this.#world.ms - this.sleptMs, wallMs: WALL_MS + this.#world.ms + this.setMs };
  }
}

/** The desk of one process, and a connection that is made again when it is lost: as `Calls` and `Session` do it. */
export class SimClient implements Outlet, ClientEnd {
  readonly desk: Desk;
  readonly clock: SimClock;
  readonly weather: Weather = {
    ...{ extraMs: 0, upHeldUntilMs: 0, downHeldUntilMs: 0 },
    ...{ isSilent: false, losesNextPush: undefined },
  };
  readonly trouble = undefined;
  readonly isSearching = false;
  isDead = false;
  /** What is done to the process as soon as it has its next lease; by then what it sent is out. */
  afterGrant: (() => void) | undefined;
  /** The connection is cut while the next call is on its way. */
  cutsNextSend = false;
  readonly #world: World;
  readonly #server: SimServer;
  readonly #random: Random;
  readonly #identity: { readonly inbox: string; readonly owner: string };
  readonly #calls = new Map<number, OpenCall>();
  #connection: SimConnection | undefined;
  #numbers = 0;
  #batch: { readonly seat: Seat; readonly call: Send }[] = [];
  #isFlushing = false;
  #pausedUntilMs = 0;
  #wasSetBack = false;

  constructor(world: World, server: SimServer, random: Random, owner: string) {
    this.#world = world;
    this.#server = server;
    this.#random = random;
    this.clock = new SimClock(world);
    let ids = 0;
    const newId = (): string => `${owner}-${++ids}-`.padEnd(16, 'p') + 'secret'.padEnd(16, `${ids}`);
    this.#identity = { inbox: `${owner}-inbox-`.padEnd(24, 'i'), owner };
    this.desk = new Desk(this, { clock: this.clock, timer: this.#timer(), newId });
    this.#connect();
  }

  /** Runs something of this process: not while it is stopped, and never once it is dead. */
  act(what: () => void): void {
    if (this.isDead) return;
    if (this.#pausedUntilMs > this.#world.ms) this.#world.at(this.#pausedUntilMs, () => this.act(what));
    else what();
  }

  send(seat: Seat, call: Send): void {
    const { operation } = call;
    if (operation.kind === 'steal') {
      this.#flush();
      this.#send([{ seat, call }], 'lock_steal', [{ kind: 'acquire', terms: operation.terms }]);
      return;
    }
    this.#batch.push({ seat, call });
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#world.after(0, () => this.act(() => this.#flush()));
  }

  sendUrgent(): void {
    // Nobody here blocks the event loop by listening.
  }

  join(room: RoomId): void {
    this.#open('join', [room], {
      done: (reply) => {
        if ('value' in reply && reply.value === true) this.desk.joined(room);
        else this.#world.after(JOIN_AGAIN_MS, () => this.act(() => this.join(room)));
      },
      failed: (error) => this.desk.notJoined(room, error, 'unanswered'),
    });
  }

  keepAlive(): void {
    // A simulated process lives until it is killed.
  }

  replied(id: number, reply: Reply): void {
    this.act(() => {
      const call = this.#calls.get(id);
      if (call === undefined) return;
      this.#calls.delete(id);
      call.isLate();
      call.done(reply, { sentMs: call.sentMs, wasRepeated: call.timesSent > 1 });
    });
  }

  pushed(type: number, body: unknown): void {
    this.act(() => {
      const { id, event, args } = body as { id: number; event: string; args: unknown[] };
      if (type === PushType.emit) this.desk.pushed(id, event, args);
      if (type === PushType.delete) this.desk.roomGone(id);
    });
  }

  /** The connection is lost; the process notices later, and connects again later still. */
  cut(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    connection.cut();
    this.#world.after(this.#random.between(0, 100), () => this.act(() => this.#lost(connection)));
  }

  kill(): void {
    this.isDead = true;
    this.#connection?.cut();
  }

  pause(forMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#world.ms + forMs);
  }

  get isPaused(): boolean {
    return this.#pausedUntilMs > this.#world.ms;
  }

  /** Sets the wall clock. */
  step(byMs: number): void {
    this.clock.setMs += byMs;
    this.#wasSetBack ||= byMs < 0;
  }

  /**
   * As {@link pause}, and the monotonic clock stands still meanwhile. Not where the wall clock was set back: no clock
   * shows such a sleep (docs/GUARANTEES.md).
   */
  sleep(forMs: number): void {
    this.pause(forMs);
    if (this.#wasSetBack) return;
    this.#world.at(this.#pausedUntilMs, () => (this.clock.sleptMs += forMs));
  }

  /** Runs something of this process when its own clock has gone on so far. */
  after(delayMs: number, what: () => void): void {
    const { clock } = this;
    const atMs = clock.now().ms + delayMs;
    const ring = (): void => (clock.now().ms >= atMs ? what() : this.after(atMs - clock.now().ms, what));
    this.#world.at(atMs + clock.sleptMs + TINY_MS, () => this.act(ring));
  }

  /** Ends the inbox at the server; then the process ends. */
  close(then: () => void): void {
    this.#open('lock_close', [this.#identity.inbox], {
      done: (reply) => ('value' in reply && reply.value === true ? this.close(then) : then()),
      failed: then,
    });
  }

  get isQuiet(): boolean {
    return this.#calls.size === 0 && this.#batch.length === 0;
  }

  /** As `Alarm` does it: what came in while the process was held up is read first. */
  #afterReading(what: () => void): () => void {
    return this.#world.after(0, () => this.act(what));
  }

  #timer(): Timer {
    let off = (): void => undefined;
    const set = (atMs: number, callback: (readMs: number) => void): void => {
      off();
      off = this.#world.at(atMs + this.clock.sleptMs + TINY_MS, () =>
        this.act(() => {
          const { ms } = this.clock.now();
          if (ms >= atMs) off = this.#afterReading(() => callback(ms));
          else set(atMs, callback);
        }),
      );
    };
    return { set, clear: () => off() };
  }

  #flush(): void {
    this.#isFlushing = false;
    const batch = this.#batch.splice(0);
    if (batch.length === 0) return;
    const operations = batch.map(({ call }) => call.operation as Operation);
    // A call that was announced has the other name.
    this.#send(batch, this.#random.chance(0.5) ? 'lock_batch' : procedureFor(operations), operations);
  }

  #send(
    asked: readonly { readonly seat: Seat; readonly call: Send }[],
    procedure: string,
    operations: readonly Operation[],
  ): void {
    const { inbox, owner } = this.#identity;
    const encoded = operations.map(encodedOperation);
    const args = procedure === 'lock_steal' ? [inbox, owner, encoded[0]] : [null, inbox, owner, encoded];
    this.#open(procedure, args, {
      done: (reply, { sentMs, wasRepeated }) => {
        if (!('value' in reply))
          throw new Error(`the server refused ${procedure} ${JSON.stringify(args)}: ${reply.refusal}`);
        const { at, room, answers } = answersOf(reply.value, operations);
        const exchange = { at, sentMs, receivedMs: this.clock.now().ms, wasRepeated };
        asked.forEach(({ seat, call }, i) => {
          const answer = answers[i];
          if (answer === undefined) throw new LockProtocolError('an answer is missing');
          this.desk.answered(seat, call, answer, exchange, room);
        });
      },
      failed: (error) => {
        for (const { seat, call } of asked) this.desk.failed(seat, call, error, 'unanswered');
      },
    });
  }

  #open(procedure: string, args: readonly unknown[], then: Pick<OpenCall, 'done' | 'failed'>): void {
    const id = ++this.#numbers;
    const isLate = this.#world.after(REQUEST_TIMEOUT_MS, () =>
      this.act(() => this.#afterReading(() => this.#late(id))),
    );
    const call: OpenCall = { id, procedure, args, ...then, timesSent: 0, sentMs: NaN, isLate };
    this.#calls.set(id, call);
    this.#transmit(call);
  }

  #transmit(call: OpenCall): void {
    if (this.#connection === undefined) return;
    call.timesSent++;
    call.sentMs = this.clock.now().ms;
    if (this.cutsNextSend) this.#world.after(0, () => this.cut());
    this.cutsNextSend = false;
    if (call.procedure === 'join') this.#connection.join(call.id, call.args[0] as number);
    else this.#connection.run(call.id, call.procedure, call.args);
  }

  /** No answer in time: the call has failed, and the connection is of no use. */
  #late(id: number): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    const connection = this.#connection;
    connection?.cut();
    if (connection !== undefined) this.#lost(connection);
    call.failed(new LockConnectionError('no answer'));
  }

  #lost(connection: SimConnection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    // Nobody is in a room any more that was being joined.
    for (const call of [...this.#calls.values()]) {
      if (call.procedure !== 'join') continue;
      this.#calls.delete(call.id);
      call.isLate();
    }
    this.desk.disconnected();
    this.#world.after(this.#random.between(1, 300), () => this.act(() => this.#connect()));
  }

  #connect(): void {
    if (this.#connection !== undefined) return;
    if (this.weather.isSilent) {
      this.#world.after(this.#random.between(50, 300), () => this.act(() => this.#connect()));
      return;
    }
    this.#connection = new SimConnection(this.#world, this.#server, this.#random, this.weather, this);
    const isFirst = this.#random.chance(0.5);
    if (isFirst) this.desk.connected();
    for (const call of this.#calls.values()) this.#transmit(call);
    if (!isFirst) this.desk.connected();
  }
}
