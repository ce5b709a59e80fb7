import { proofOf } from '../schema/constants.js';
import type { RequestTerms } from '../schema/operations.js';
import { ACQUIRER, NOBODY, type Asked, type Command, type Outcome, type Send } from './commands.js';
import type { Exchange, Input, Now } from './inputs.js';
import type { LeaseTerms, LeaseTime } from './lease-time.js';
import { HOLDING, MOVES, type Ending, type State, type Why } from './states.js';

/** What a caller asks for. */
export interface Terms extends LeaseTerms {
  /** All or none of them are granted. */
  readonly names: readonly string[];
  readonly units: number;
  readonly limit: number;
  readonly how: 'acquire' | 'try' | 'steal' | 'adopt';
  /** The longest to wait; `undefined`: the requests ahead times {@link perTurnMs}. */
  readonly waitTimeoutMs: number | undefined;
  readonly perTurnMs: number;
  /** Of a lease that is adopted: its id so far, and its fencing token. */
  readonly adopted?: { readonly id: string; readonly token: number } | undefined;
  /** How long it stays with its process after a release, for another of its tasks to take. */
  readonly lingerMs: number;
  /** A pushed grant lets the caller in only once the server has answered its acknowledgement. */
  readonly confirmGrants: boolean;
  /** How long a lease is doubted before it is given up. */
  readonly doubtMs: number;
}

/**
 * The life of one request for a lock, from before it is sent until nothing more is sent for it. Only `step` changes
 * it; whoever carries out what `step` commands may read it.
 */
export class Request {
  readonly number: number;
  readonly terms: Terms;
  readonly #newId: () => string;
  state: State = 'asking';
  /** The right to release: kept where neither `inspect` nor JSON shows it. */
  #id: string;
  /** When its caller asked for it. */
  readonly startedMs: number;
  /** When it was made: later than {@link startedMs} where it was waited for in this process before. */
  readonly openedMs: number;
  /** How often it was asked for under a new id: the grants in a row that came to nothing. */
  tries = 1;
  /** Calls that have neither been answered nor failed. */
  callsOpen = 0;
  /** Those of them that somebody waits for the answer of. */
  callersOpen = 0;
  /** Counts the calls. */
  turn = 0;
  /** The acquirer has an outcome. */
  isSettled = false;
  /** Open questions. These and the next four are of calls under its present id. */
  checksOpen = 0;
  /** Of the open questions those that are asked by a change. */
  sureChecksOpen = 0;
  /** Open calls that may make the lease longer, or give it to another. */
  prolongingCalls = 0;
  /** Open calls that end it. */
  endsOpen = 0;
  /** Open calls that make the request itself. */
  requestsOpen = 0;
  /** A call that makes the request was sent more than once: a copy may still arrive at the server. */
  mayReturn = false;
  /** So was one that may make the lease longer. */
  mayProlong = false;

  /** When it was sent last. */
  askedMs = 0;
  /** When the acquirer gives up waiting. */
  giveUpAtMs = Infinity;
  /** When a call that came to nothing is made again. */
  againAtMs = Infinity;
  /** How often in a row the server said to ask at once, or nearly so. */
  hasty = 0;
  /** How often in a row the server said that there is a lease, and that there is none to release. */
  contradictions = 0;
  /** The longest that the server was asked for: what it says of a lease is no longer than that. */
  longestMs = 0;
  /** The failure after which it is made again. */
  failure: unknown;
  /** Requests ahead when it entered the queue. */
  ahead: number | undefined;
  /** While waiting: when to ask the server whether the holder's lease has ended; `Infinity` while an answer is out. */
  askAtMs = Infinity;
  /**
   * When the server counts on a question, by what it told last unasked or when it took the request in. It tells of
   * nothing that ends later. What it answers to a question it does not remember.
   */
  expectedMs = Infinity;

  /** From the grant on. */
  time: LeaseTime | undefined;
  token = 0;
  /** The turn of the newest call sent before the grant was pushed. Its answer, if without the grant, is old news. */
  grantTurn = 0;
  /** The turn of the newest call that said how long the lease lasts. */
  appliedTurn = 0;
  /** A push said that the lease was taken away. */
  isSaidLost = false;
  /** A transfer was sent and not answered. The lease may be in nobody's inbox; `lock_close` does not end it then. */
  isAdrift = false;
  /** The grant was pushed, or read, and its acknowledgement has not been answered. */
  isProvisional = false;
  /** When a lease that the machine may have slept through is given up. */
  doubtEndMs = Infinity;
  /** Somebody else waits for it: it is released when its caller is done. */
  isWanted = false;
  /** A lease that lingers is given up then. */
  lingerEndMs = Infinity;

  ending: Ending | undefined;
  /** Who waits for the end: a caller of `release`, or the acquirer that gave up. */
  endCaller = NOBODY;
  /** What the acquirer that gave up is told, once the withdrawal is confirmed or has taken too long. */
  endOutcome: Outcome | undefined;
  endSettleByMs = Infinity;
  endGiveUpMs = Infinity;
  /** The turn of the question why there was nothing to release; answers to questions from before say nothing of it. */
  whyTurn = 0;
  /** An earlier call may have ended it already. */
  mayHaveEnded = false;
  why: Why | undefined;

  /** @param newId makes ids that nobody can guess */
  constructor(number: number, terms: Terms, newId: () => string, nowMs: number, startedMs = nowMs) {
    this.number = number;
    this.terms = terms;
    this.#newId = newId;
    this.#id = newId();
    this.startedMs = startedMs;
    this.openedMs = nowMs;
    this.token = terms.adopted?.token ?? 0;
    this.longestMs = terms.adopted === undefined ? terms.ttlMs : Infinity;
  }

  get id(): string {
    return this.#id;
  }

  /** The name by which the server finds the request. */
  get name(): string {
    return this.terms.names[0] as string;
  }

  /** Whether this is the beginning of its id, which nobody but its maker and the server knows before the grant. */
  isProof(proof: string): boolean {
    return proof === proofOf(this.#id);
  }

  /** Whether the lease is held, as far as can be known here. */
  get isHeld(): boolean {
    return this.state === 'held' || (this.state === 'granted' && this.isSettled);
  }

  /** Whether there is a lease that is not known to be over. */
  get isHolding(): boolean {
    return this.isSettled && HOLDING.includes(this.state);
  }

  /** Whether a lease that lingers can be another caller's now; one that lasts `maxHold` no longer than its first half. */
  mayBeTaken(now: Now): boolean {
    const { state, time, lingerEndMs } = this;
    return state === 'lingering' && now.ms < lingerEndMs && time?.isLive(now) === true && time.isYoung(now);
  }

  /** Whether it is renewed within a sixth of its ttl: half of the time between two renewals. */
  isRenewedSoon(now: Now): boolean {
    const { state, time, terms } = this;
    return state === 'held' && time !== undefined && time.renewAtMs - now.ms <= terms.ttlMs / 6;
  }

  /** Whether the process has to live for it: somebody waits, holds, or is being answered. */
  get keepsAlive(): boolean {
    if (this.state === 'over' || this.state === 'lingering') return false;
    return !(this.state === 'ending' && this.endCaller === NOBODY);
  }

  /**
   * Whether its end is tried again behind its caller, who was told. Such a try begins no search for a connection while
   * another search keeps the process alive. Else a process that is done would not end.
   */
  mayBePutOff(nowMs: number): boolean {
    return this.state === 'ending' && this.endCaller === NOBODY && nowMs < this.endGiveUpMs;
  }

  /** When the request's own alarm has to ring. */
  get wakeAtMs(): number {
    switch (this.state) {
      case 'asking':
      case 'waiting':
        return Math.min(this.giveUpAtMs, this.againAtMs);
      case 'granted':
      case 'held':
      case 'doubted':
        return this.#holdingWakeAtMs();
      case 'lingering':
        return this.#lingeringWakeAtMs();
      case 'ending':
        return Math.min(this.againAtMs, this.endSettleByMs, this.giveUpAtMs);
      case 'over':
        return Infinity;
    }
  }

  /** When the lease is over here, unless the server confirms it. */
  get endMs(): number {
    return Math.min((this.time as LeaseTime).endMs, this.doubtEndMs);
  }

  /** Whether an answer is to come that can confirm the lease. */
  get isBeingConfirmed(): boolean {
    return this.prolongingCalls + this.requestsOpen + this.sureChecksOpen > 0;
  }

  #holdingWakeAtMs(): number {
    const { renewAtMs, doubtAtMs } = this.time as LeaseTime;
    const wakeMs = Math.min(this.endMs, renewAtMs);
    if (!this.isSettled) return Math.min(wakeMs, this.giveUpAtMs);
    return this.state === 'doubted' ? wakeMs : Math.min(wakeMs, doubtAtMs);
  }

  #lingeringWakeAtMs(): number {
    const { endMs, idleRenewAtMs, doubtAtMs } = this.time as LeaseTime;
    return Math.min(this.lingerEndMs, endMs, idleRenewAtMs, doubtAtMs);
  }

  /** Its request is to be a new one: the server takes in no more with the old id. */
  startAnew(): void {
    this.#id = this.#newId();
    this.tries++;
    this.isSaidLost = false;
    this.isWanted = false;
    this.mayReturn = false;
    this.mayProlong = false;
    this.prolongingCalls = 0;
    this.endsOpen = 0;
    this.requestsOpen = 0;
    this.checksOpen = 0;
    this.sureChecksOpen = 0;
  }

  move(to: State): void {
    if (this.state === to) return;
    // No text is made where nothing is wrong.
    if (!MOVES[this.state].includes(to)) fault(`a request that is ${this.state} cannot become ${to}`);
    this.state = to;
    if (to !== 'waiting') this.askAtMs = Infinity;
  }

  send(operation: Asked, now: Now, out: Command[], { caller = NOBODY, isUrgent = false } = {}): void {
    this.callsOpen++;
    if (caller !== NOBODY) this.callersOpen++;
    this.#count(operation, 1);
    if ('ttlMs' in operation) this.longestMs = Math.max(this.longestMs, operation.ttlMs);
    const offsetMs = now.wallMs - now.ms;
    out.push({ kind: 'send', operation, id: this.#id, turn: ++this.turn, offsetMs, caller, isUrgent });
  }

  /** A call was answered, or failed. */
  hears(input: Extract<Input, { kind: 'answered' | 'failed' }>): void {
    const { operation, id, caller } = input.call;
    this.callsOpen--;
    if (caller !== NOBODY) this.callersOpen--;
    if (id !== this.#id) return;
    this.#count(operation, -1);
    const mayBeTwo = input.kind === 'answered' ? input.exchange.wasRepeated : input.how === 'unanswered';
    if (mayBeTwo && isRequest(operation)) this.mayReturn = true;
    if (mayBeTwo && isProlonging(operation)) this.mayProlong = true;
  }

  #count(operation: Asked, by: 1 | -1): void {
    if (isProlonging(operation)) this.prolongingCalls += by;
    else if (isRequest(operation)) this.requestsOpen += by;
    else if (operation.kind !== 'check') this.endsOpen += by;
    else {
      this.checksOpen += by;
      if (operation.isSure) this.sureChecksOpen += by;
    }
  }

  /** Whether an answer says more of the lease than is known. It is decided by a change, and was asked for after all others. */
  isNews(call: Send): boolean {
    return isFinal(call) && call.turn > this.appliedTurn;
  }

  /** The server has said when the lease ends. */
  retime(call: Send, { at, sentMs }: Exchange, due: number): void {
    const time = this.time as LeaseTime;
    const lastsMs = Math.min((due - at) / 1000, this.longestMs);
    this.appliedTurn = call.turn;
    // To acknowledge gives a whole ttl again: more than `autoRenew: false` allows.
    if (this.isProvisional && call.operation.kind !== 'extend')
      time.confirmGrant(sentMs, call.offsetMs, lastsMs);
    else time.confirm(sentMs, call.offsetMs, lastsMs);
  }

  /** The acquirer's outcome: once. */
  settle(outcome: Outcome, out: Command[]): void {
    if (this.isSettled) fault('a request has one outcome');
    this.isSettled = true;
    out.push({ kind: 'settle', caller: ACQUIRER, outcome });
  }

  /** What the server is told of it. */
  get serverTerms(): RequestTerms {
    const { names, units, limit, ttlMs, lingerMs } = this.terms;
    return { names, id: this.#id, number: this.number, ttlMs, units, limit, lingers: lingerMs > 0 };
  }
}

/** Whether the answer is decided by a change. A read may be that of a node that lags, and is no sign of life. */
export function isFinal({ operation }: Pick<Send, 'operation'>): boolean {
  return operation.kind !== 'check' || operation.isSure;
}

/** Whether a call may make the lease longer, or give it to another. */
function isProlonging({ kind }: Asked): boolean {
  return kind === 'extend' || kind === 'acknowledge' || kind === 'transfer';
}

/** Whether a call makes the request itself. */
export function isRequest({ kind }: Asked): boolean {
  return kind === 'acquire' || kind === 'try' || kind === 'steal' || kind === 'adopt';
}

/** What must be true after each step; a fault of this library otherwise. What holds costs no call. */
export function assertSound(request: Request): void {
  const { state, callsOpen, isSettled } = request;
  const isAsking = request.requestsOpen + request.checksOpen > 0 || request.againAtMs < Infinity;
  if (callsOpen < 0) fault('no call is answered twice');
  switch (state) {
    case 'asking':
      if (!isAsking) fault('who asks has an answer to come');
      if (isSettled) fault('who asks has no outcome yet');
      return;
    case 'waiting':
      if (!isAsking && request.askAtMs === Infinity) fault('who waits will ask');
      if (isSettled) fault('who waits has no outcome yet');
      return;
    case 'granted':
    case 'held':
    case 'doubted':
      if (request.time === undefined || request.token <= 0) fault('who holds has a deadline and a token');
      if (!isSettled && state !== 'granted') fault('who holds is told so');
      if (!(request.wakeAtMs < Infinity)) fault('a lease ends by itself');
      return;
    case 'lingering':
      if (!isSettled || request.isWanted) fault('only what nobody wants lingers');
      if (!(request.wakeAtMs < Infinity)) fault('a lease ends by itself');
      return;
    case 'ending':
      if (callsOpen === 0 && request.againAtMs === Infinity) fault('an end is under way');
      return;
    case 'over':
      if (!isSettled || request.why === undefined) fault('what is over has an outcome');
  }
}

function fault(what: string): never {
  throw new Error(`a fault of thingsdb-lock: ${what}`);
}
