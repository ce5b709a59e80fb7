import type { Command, Outcome, Send, Told } from '../request/commands.js';
import type { Exchange, Input, Now } from '../request/inputs.js';
import { Request, type Terms } from '../request/request.js';
import { step } from '../request/step.js';
import type { Answer, OwnWaiter } from '../schema/operations.js';
import { pushedOf } from '../schema/pushed.js';
import type { RoomId } from '../schema/replies.js';
import { Alarms, type Sleeper } from './alarms.js';
import type { Clock, Timer } from './clock.js';
import { HINT_GAP_MS, Hints } from './hints.js';
import { Lines, type InLine } from './lines.js';
import { inputOf } from './mail.js';
import { OwnRoom } from './own-room.js';
import { ServerClock } from './server-clock.js';

/** Whoever stands behind a request: its caller's promises, its lease, its events. */
export interface RequestListener {
  told(event: Told): void;
  settled(caller: number, outcome: Outcome): void;
  /** The lease's signal. */
  aborted(end: Extract<Command, { kind: 'abort' }>): void;
}

/** Is told after each step of a request, when all that it commanded has been carried out. */
export interface SeatWatcher {
  stepped(seat: Seat): void;
}

/** How a desk reaches the server. Each call comes back, once, as {@link Desk.answered} or {@link Desk.failed}. */
export interface Outlet {
  send(seat: Seat, call: Send): void;
  /** Sends what is urgent without waiting for whatever else is asked. */
  sendUrgent(): void;
  /** Joins a room; comes back as {@link Desk.joined} or {@link Desk.notJoined}. */
  join(room: RoomId): void;
  /**
   * A request needs the process, and a connection watched closely enough for this ttl. `Infinity`: no lease is held.
   * `undefined`: it has come or gone.
   */
  keepAlive(fromMs: number | undefined, toMs: number | undefined): void;
  /** Why no answer is to be had from the server now; `undefined` while it answers. */
  readonly trouble: unknown;
  /** A connection is looked for, or was just now in vain: what that has begun may keep the process alive. */
  readonly isSearching: boolean;
}

export interface DeskOptions {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly newId: () => string;
}

/** A wall clock that has moved so much against the monotonic one was set, or the machine has slept. */
const GAP_MS = 50;
const ASK_AGAIN_MS = 1_000;
/** How often what nobody waits for looks whether it may be tried again. */
const PUT_OFF_MS = 250;
const START = { kind: 'start' } as const;
const LOOK = { kind: 'look' } as const;
const TAKE = { kind: 'take' } as const;
const WANTED = { kind: 'wanted' } as const;
const ASK = { kind: 'ask', isSure: false } as const;
const ASK_SURELY = { kind: 'ask', isSure: true } as const;
const LOST = { kind: 'lost' } as const;
const RENEW = { kind: 'renew' } as const;
/**
 * Of whom a push may make a manager ask: one request, all that wait, or all. All are asked about when pushes to them
 * were not heard.
 */
const ALL_WAITING = 'all that wait';
const ALL = 'all';
type Asking = Seat | typeof ALL_WAITING | typeof ALL;
/** So many different labels of those who would like to have a lock are told together; more are made up. */
const MOST_ASKERS = 8;
const CONNECTED = { kind: 'connected' } as const;
const DISCONNECTED = { kind: 'disconnected' } as const;

/** One request at the desk, and who stands behind it. */
export class Seat implements Sleeper, InLine {
  readonly request: Request;
  /** Another one from when a lingering lease is taken. */
  listener: RequestListener;
  watcher: SeatWatcher | undefined;
  /** Kept by its watcher: it is among those that linger. */
  isIdle = false;
  readonly #desk: Desk;
  wakeAtMs = Infinity;
  place = -1;
  isAtDesk = false;
  isInLine = false;
  /** The process lives for it; and how soon a silent server has to be found out. */
  aliveMs: number | undefined;
  /** As its line knows it. */
  askAtMs = Infinity;
  /** A push said that the lease is lost, and the server has yet to be asked. */
  isSaidLost = false;
  /** A push has made it ask for its line, or for itself, and it has yet to ask. */
  isHinted = false;
  /** When a grant that bears its proof was last taken in. */
  grantedMs = -Infinity;
  /** Who would like to have the lock, and has yet to be told of. */
  askers: Set<string> | undefined;

  constructor(request: Request, listener: RequestListener, desk: Desk) {
    this.request = request;
    this.listener = listener;
    this.#desk = desk;
  }

  get names(): readonly string[] {
    return this.request.terms.names;
  }

  wake(readMs: number): void {
    this.#desk.ring(this, readMs);
  }

  ask(isHint: boolean): void {
    this.#desk.askInLine(this, isHint);
  }
}

/**
 * All requests of a manager, in one map. Takes in what happens to them, has each make its step, and carries out what
 * that commands. Waits for nothing itself: `Outlet` does, and gives back what comes of it.
 *
 * Their grants, and what others do to their leases, are pushed into one room. It is joined when the server first names
 * it. Nothing is polled: besides a push, a waiter asks only when the holder's lease should have ended.
 */
export class Desk {
  readonly #clock: Clock;
  readonly #newId: () => string;
  readonly #outlet: Outlet;
  readonly #alarms: Alarms;
  readonly #lines: Lines<Seat>;
  readonly #hints: Hints<Asking>;
  /** Those of whose leases somebody is said to ask. */
  readonly #askedFor: Hints<Seat>;
  readonly #seats = new Map<number, Seat>();
  readonly #serverClock = new ServerClock();
  #numbers = 0;
  readonly #room: OwnRoom;
  #offsetMs = NaN;
  /** An alarm has rung for a renewal. */
  #hasRenewed = false;
  readonly #onIdle: (() => void)[] = [];

  constructor(outlet: Outlet, { clock, timer, newId }: DeskOptions) {
    this.#outlet = outlet;
    this.#clock = clock;
    this.#newId = newId;
    const nowMs = (): number => clock.now().ms;
    this.#alarms = new Alarms(timer);
    this.#lines = new Lines(this.#alarms, nowMs);
    this.#hints = new Hints(this.#alarms, nowMs, (about) => this.#askHinted(about));
    this.#room = new OwnRoom(this.#alarms, nowMs, (room) => outlet.join(room));
    this.#askedFor = new Hints(this.#alarms, nowMs, (seat) => this.#tellAsked(seat));
  }

  /** Whether somebody waits, holds, or is being answered. What is withdrawn behind a caller who was told so does not count. */
  get isNeeded(): boolean {
    for (const { aliveMs } of this.#seats.values()) if (aliveMs !== undefined) return true;
    return false;
  }

  get seats(): Seat[] {
    return [...this.#seats.values()];
  }

  now(): Now {
    return this.#clock.now();
  }

  /** A new request, known here before it is sent: its grant may be pushed before the answer to it. */
  open(terms: Terms, listener: RequestListener, startedMs?: number): Seat {
    const now = this.#clock.now();
    const request = new Request(++this.#numbers, terms, this.#newId, now.ms, startedMs);
    const seat = new Seat(request, listener, this);
    this.#step(seat, START, now);
    return seat;
  }

  /** Something has happened to a request. */
  step(seat: Seat, input: Input): void {
    this.#step(seat, input, this.#clock.now());
  }

  #step(seat: Seat, input: Input, now: Now): void {
    const commands = step(seat.request, input, now);
    this.#file(seat, input);
    for (const command of commands) this.#carryOut(seat, command);
    seat.watcher?.stepped(seat);
  }

  /** Its caller gives the lease back: to the server, or to this process if it lingers. */
  release(seat: Seat, caller: number): void {
    this.step(seat, { kind: 'release', caller, mayLinger: this.#room.isHeard, next: this.#nextAfter(seat) });
  }

  /** Whoever of this process has waited longest for just the same: the server may give it the lease next. */
  #nextAfter({ request }: Seat): OwnWaiter | undefined {
    const waiting = this.#lines.first(request.terms.names)?.request;
    return waiting && { id: waiting.id, number: waiting.number };
  }

  /** A lingering lease is another caller's from now on; it must be one that may be taken. */
  take(seat: Seat, listener: RequestListener, now: Now): void {
    seat.listener = listener;
    this.#step(seat, TAKE, now);
  }

  /** The lease is not to linger (any longer). */
  giveUpLingering(seat: Seat): void {
    this.step(seat, WANTED);
  }

  /** Code of a caller's is about to run, and may block the event loop: what is urgent goes out before. */
  sendUrgent(): void {
    this.#outlet.sendUrgent();
  }

  /** Wakes it at a moment on the monotonic clock; `Infinity`: not at all. */
  setAlarm(sleeper: Sleeper, atMs: number): void {
    this.#alarms.set(sleeper, atMs);
  }

  /**
   * The request's alarm rings: at the moment up to which everything has been read. What has come in since, while others
   * blocked the event loop, may say more of what has become due since.
   */
  ring(seat: Seat, readMs: number): void {
    if (seat.request.mayBePutOff(readMs) && this.#outlet.isSearching) {
      this.#alarms.set(seat, readMs + PUT_OFF_MS);
      return;
    }
    this.#hasRenewed = false;
    const { ms, wallMs } = this.#clock.now();
    const input = { kind: 'alarm', trouble: this.#outlet.trouble } as const;
    this.#step(seat, input, { ms: readMs, wallMs: wallMs - (ms - readMs) });
    if (this.#hasRenewed) this.#renewBeside(seat);
  }

  /** Leases that were acquired apart are renewed together: in one call, and so at the same time from then on. */
  #renewBeside(seat: Seat): void {
    const now = this.#clock.now();
    for (const other of this.seats)
      if (other !== seat && other.request.isRenewedSoon(now)) this.#step(other, RENEW, now);
  }

  /** The first of a line asks for all in it. */
  askInLine(seat: Seat, isHint: boolean): void {
    if (!isHint) {
      this.step(seat, ASK);
      return;
    }
    seat.isHinted = true;
    this.#hints.add(seat);
  }

  /** The acquirer wants it no more. */
  giveUp(seat: Seat, reason: unknown): void {
    this.step(seat, { kind: 'give-up', reason, trouble: this.#outlet.trouble });
  }

  /** Whether the lease is held: the first look after the machine may have slept finds out. */
  isHeld(seat: Seat): boolean {
    const { request } = seat;
    if (!request.isHeld) return false;
    const now = this.#clock.now();
    if (request.time?.isLive(now) === false) this.#lookAtAll();
    return request.isHeld;
  }

  /** @param room where the server tells this manager of its requests; 0: nowhere yet */
  answered(seat: Seat, call: Send, answer: Answer, exchange: Exchange, room: RoomId): void {
    const { at, sentMs, receivedMs } = exchange;
    // A lease is counted from the moment of the answer, which was decided while the call was on its way.
    const now = this.#clock.now();
    const momentMs = this.#serverClock.momentMs(at, sentMs, receivedMs, now.wallMs - now.ms);
    this.#serverClock.sync(sentMs, receivedMs, call.offsetMs, at);
    const told = { at, sentMs: momentMs, receivedMs, wasRepeated: exchange.wasRepeated };
    this.#step(seat, { kind: 'answered', call, answer, exchange: told }, now);
    const next = nextOf(call);
    if (next !== undefined) this.#handOn(next, call.offsetMs, answer, told);
    // Perhaps it was decided before we were in the room, and something was told between.
    if (sentMs < this.#room.joinedMs) this.#askAbout(seat);
    // 0: of what is in nobody's room.
    if (room && this.#seats.size > 0) this.#room.enter(room);
    this.#noticeGap(this.#clock.now());
  }

  failed(seat: Seat, call: Send, error: unknown, how: 'unanswered' | 'refused'): void {
    this.step(seat, { kind: 'failed', call, error, how });
    const next = nextOf(call);
    if (next !== undefined) this.#askForNext(next);
  }

  /** A release was answered, in which this process named the next of its own. */
  #handOn(next: OwnWaiter, offsetMs: number, answer: Answer, { at, sentMs, wasRepeated }: Exchange): void {
    const granted = answer.state === 'ended' && answer.was === 'held' ? answer.next : undefined;
    const seat = this.#seats.get(next.number);
    if (granted !== undefined && seat?.request.id === next.id) {
      const leaseMs = (granted.due - at) / 1000;
      this.step(seat, { kind: 'handed', token: granted.token, leaseMs, sentMs, offsetMs });
    } else if (wasRepeated) {
      this.#askForNext(next);
    }
  }

  /** What released had no answer, or that to a repeat: it may have the lease without having been told. */
  #askForNext(next: OwnWaiter): void {
    const seat = this.#seats.get(next.number);
    if (seat?.request.state === 'waiting') this.step(seat, ASK_SURELY);
  }

  /** A message in a room. */
  pushed(room: unknown, event: unknown, args: readonly unknown[]): void {
    if (!this.#room.is(room)) return;
    const now = this.#clock.now();
    this.#noticeGap(now);
    const pushed = pushedOf(event, args);
    if (pushed === undefined) return;
    if (pushed.event === 'alive') {
      this.#hints.add(ALL_WAITING);
      return;
    }
    const seat = this.#seats.get(pushed.number);
    if (seat === undefined) return;
    const input = inputOf(pushed, seat.request, this.#serverClock, now);
    if (input === undefined) return;
    if (input.kind === 'asked') {
      const askers = (seat.askers ??= new Set());
      if (askers.size < MOST_ASKERS) askers.add(input.by);
      this.#askedFor.add(seat);
    } else if (this.#isPutOff(seat, input, now.ms)) {
      this.#hints.add(seat);
    } else {
      this.#step(seat, input, now);
    }
  }

  /** Whether it would make this manager ask as often as somebody pushes it. The first grant is urgent. */
  #isPutOff(seat: Seat, input: Input, nowMs: number): boolean {
    if (input.kind === 'lost') {
      seat.isSaidLost = true;
      return true;
    }
    if (input.kind !== 'granted' || !seat.request.isProof(input.proof)) return false;
    const isAgain = nowMs - seat.grantedMs < HINT_GAP_MS;
    if (isAgain) seat.isHinted = true;
    else seat.grantedMs = nowMs;
    return isAgain;
  }

  /** A room was removed: it was unused for long, or the server went back to an older state. */
  roomGone(room: unknown): void {
    if (!this.#room.is(room)) return;
    this.#room.leave();
    this.#hints.add(ALL);
  }

  joined(room: RoomId): void {
    if (!this.#room.joined(room)) return;
    for (const seat of this.seats) this.#askAbout(seat);
  }

  /** What was told of it before we were in the room was not heard. */
  #askAbout(seat: Seat): void {
    if (seat.request.state === 'waiting') this.step(seat, ASK_SURELY);
    else if (seat.request.isHolding) this.step(seat, ASK);
  }

  notJoined(room: RoomId, error: unknown, how: 'unanswered' | 'refused'): void {
    // The next answer that names the room tries again.
    if (this.#room.is(room)) this.#room.leave();
    const atMs = this.#clock.now().ms + ASK_AGAIN_MS;
    for (const seat of this.seats) {
      if (seat.request.state !== 'waiting') continue;
      if (how === 'refused') this.giveUp(seat, error);
      else if (seat.request.askAtMs > atMs) this.step(seat, { kind: 'ask-at', ms: atMs });
    }
  }

  /** The connection is gone, and with it the place in the room; the places in the queues are not. */
  disconnected(): void {
    this.#room.leave();
    this.#each(DISCONNECTED);
  }

  /** What was pushed, and perhaps what was stored, is lost. What is being withdrawn is withdrawn first of all. */
  connected(): void {
    const seats = this.seats;
    for (const seat of seats) if (seat.request.state === 'ending') this.step(seat, CONNECTED);
    for (const seat of seats) if (seat.request.state !== 'ending') this.step(seat, CONNECTED);
  }

  /** There will never be a connection again. */
  cutOff(reason: unknown): void {
    this.#room.leave();
    this.#each({ kind: 'cut-off', reason });
  }

  /** Withdraws what waits, but for those that may go on. */
  giveUpWaiting(reason: unknown, mayGoOn: (listener: RequestListener) => boolean): void {
    for (const seat of this.seats) {
      if (!seat.request.isSettled && !mayGoOn(seat.listener)) this.giveUp(seat, reason);
    }
  }

  /** Whoever holds is asked to release, as others ask by the server. */
  askHolders(by: string): void {
    this.#each({ kind: 'asked', by });
  }

  /** Resolves when it is not needed. */
  async idle(): Promise<void> {
    while (this.isNeeded) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  close(reason: unknown): void {
    this.#each({ kind: 'close', reason });
  }

  /** Nothing rings any more. */
  stop(): void {
    this.#alarms.clear();
  }

  #each(input: Input): void {
    for (const seat of this.seats) this.step(seat, input);
  }

  #askHinted(about: Asking): void {
    if (about === ALL_WAITING) this.#showLife();
    else if (about === ALL) this.#each(CONNECTED);
    else this.#askOf(about);
  }

  #askOf(seat: Seat): void {
    const { request, isSaidLost, isHinted } = seat;
    seat.isSaidLost = false;
    seat.isHinted = false;
    // One question for many hints.
    if (isSaidLost && request.sureChecksOpen === 0) this.step(seat, LOST);
    else if (isHinted && request.state === 'waiting') this.step(seat, ASK);
  }

  #tellAsked(seat: Seat): void {
    const askers = seat.askers ?? [];
    seat.askers = undefined;
    for (const by of askers) this.step(seat, { kind: 'asked', by });
  }

  /** The server asks whether this process lives: a question that is under way has answered that. */
  #showLife(): void {
    for (const seat of this.seats) {
      const { state, sureChecksOpen } = seat.request;
      if (state === 'waiting' && sureChecksOpen === 0) this.step(seat, ASK_SURELY);
    }
  }

  #lookAtAll(): void {
    for (const seat of this.seats) if (seat.request.isHolding) this.step(seat, LOOK);
  }

  /** The machine may have slept: whoever holds finds out now, not at the next renewal. */
  #noticeGap({ ms, wallMs }: Now): void {
    const offsetMs = wallMs - ms;
    const hasGap = Math.abs(offsetMs - this.#offsetMs) > GAP_MS;
    if (hasGap || Number.isNaN(this.#offsetMs)) this.#offsetMs = offsetMs;
    if (hasGap) this.#lookAtAll();
  }

  /** Where a request belongs after its step: map, line, alarm; and whether the process lives for it. */
  #file(seat: Seat, input: Input): void {
    const { request } = seat;
    const isOpen = request.state !== 'over';
    if (isOpen !== seat.isAtDesk) {
      seat.isAtDesk = isOpen;
      if (isOpen) this.#seats.set(request.number, seat);
      else this.#seats.delete(request.number);
    }
    this.#fileInLine(seat, input.kind === 'ask-at' ? input.ms : undefined);
    this.#alarms.set(seat, request.wakeAtMs);
    const aliveMs = aliveMsOf(request);
    if (aliveMs === seat.aliveMs) return;
    this.#outlet.keepAlive(seat.aliveMs, aliveMs);
    seat.aliveMs = aliveMs;
    if (this.#onIdle.length > 0 && !this.isNeeded) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** @param hintMs when to ask, by a pushed message */
  #fileInLine(seat: Seat, hintMs: number | undefined): void {
    const { state, askAtMs } = seat.request;
    const isWaiting = state === 'waiting';
    if (isWaiting === seat.isInLine && askAtMs === seat.askAtMs) {
      // Its own time to ask may have gone by while others asked for it.
      if (isWaiting && hintMs !== undefined) this.#lines.hint(seat, hintMs);
      return;
    }
    seat.isInLine = isWaiting;
    if (!isWaiting) {
      this.#lines.leave(seat);
      seat.askAtMs = askAtMs;
      return;
    }
    seat.askAtMs = askAtMs;
    this.#lines.enter(seat, hintMs !== undefined);
  }

  #carryOut(seat: Seat, command: Command): void {
    switch (command.kind) {
      case 'send':
        if (command.operation.kind === 'extend') this.#hasRenewed = true;
        this.#outlet.send(seat, command);
        return;
      case 'tell':
        seat.listener.told(command);
        return;
      case 'settle':
        seat.listener.settled(command.caller, command.outcome);
        return;
      case 'abort':
        seat.listener.aborted(command);
    }
  }
}

function nextOf({ operation }: Send): OwnWaiter | undefined {
  return operation.kind === 'release' ? operation.next : undefined;
}

/** How soon a silent server has to be found out: in time for the lease. `undefined`: the process need not live for it. */
function aliveMsOf({ keepsAlive, isHolding, terms }: Request): number | undefined {
  if (!keepsAlive) return undefined;
  return isHolding ? terms.ttlMs : Infinity;
}
