import type { Answer } from '../schema/operations.js';
import { askAnew, unhurriedMs } from './asking.js';
import { NOBODY, type Command, type Send } from './commands.js';
import { abandon, endedBy, endOperation, lose, plainEnd, release, timeOut, withdrawFor } from './ending.js';
import type { Input, Now } from './inputs.js';
import type { LeaseTime } from './lease-time.js';
import { linger, mayLinger } from './linger.js';
import { refuseOwner, settleEnded } from './owner.js';
import { isFinal, type Request } from './request.js';

type Answered = Extract<Input, { kind: 'answered' }>;
type Failed = Extract<Input, { kind: 'failed' }>;
type AnswerOf<S extends Answer['state']> = Extract<Answer, { state: S }>;

/** Tells the server that a pushed grant has arrived. The lease may count its ttl from now, with or without an answer. */
export function acknowledge(request: Request, now: Now, out: Command[]): void {
  const { name, id, terms } = request;
  const time = request.time as LeaseTime;
  request.move('granted');
  request.isProvisional = true;
  time.shorten(terms.ttlMs, now);
  time.acknowledging(now);
  request.send({ kind: 'acknowledge', name, id }, now, out, { isUrgent: true });
}

/** The caller has its lease. */
export function enter(request: Request, now: Now, out: Command[]): void {
  request.giveUpAtMs = Infinity;
  request.time?.entered(now.ms);
  request.time?.compare(now);
  out.push({ kind: 'tell', event: 'acquired' });
  request.settle({ kind: 'lease' }, out);
  if (request.isSaidLost) askSurely(request, now, out);
}

export function askSurely(request: Request, now: Now, out: Command[]): void {
  ask(request, true, now, out);
}

function ask(request: Request, isSure: boolean, now: Now, out: Command[]): void {
  const { name, id } = request;
  request.send({ kind: 'check', name, id, isSure }, now, out);
}

/** States `granted`, `held` and `doubted`. */
export function holding(request: Request, input: Input, now: Now, out: Command[]): void {
  switch (input.kind) {
    case 'answered':
      answered(request, input, now, out);
      return;
    case 'failed':
      failed(request, input, now, out);
      return;
    case 'alarm':
      if (!request.isSettled && now.ms >= request.giveUpAtMs) timeOut(request, input.trouble, now, out);
      else look(request, now, out, true);
      return;
    case 'look':
      look(request, now, out);
      return;
    case 'renew':
      if (request.isRenewedSoon(now)) renew(request, now, out);
      return;
    case 'disconnected':
      if (request.requestsOpen > 0) request.mayReturn = true;
      return;
    case 'connected':
      confirm(request, now, out);
      return;
    case 'cut-off':
    case 'give-up': {
      // A grant by which nobody has entered yet.
      const outcome = { kind: 'failed', error: input.reason } as const;
      if (!request.isSettled) withdrawFor(request, outcome, undefined, now, out);
      return;
    }
    case 'close':
      close(request, input.reason, now, out);
      return;
    default:
      pushed(request, input, now, out);
  }
}

/** What others have pushed; or it is the owner's wish. */
function pushed(request: Request, input: Input, now: Now, out: Command[]): void {
  switch (input.kind) {
    case 'lost':
      askSurely(request, now, out);
      return;
    case 'ask':
      ask(request, input.isSure, now, out);
      return;
    case 'wanted':
      request.isWanted = true;
      return;
    case 'asked':
      request.isWanted = true;
      look(request, now, out);
      if (request.isHeld) out.push({ kind: 'tell', event: 'asked', by: input.by });
      return;
    default:
      byOwner(request, input, now, out);
  }
}

function byOwner(request: Request, input: Input, now: Now, out: Command[]): void {
  if (input.kind !== 'release' && input.kind !== 'extend' && input.kind !== 'transfer') return;
  look(request, now, out);
  if (!request.isHolding) {
    refuseOwner(input, false, out);
    return;
  }
  if (input.kind === 'release' && mayLinger(request, input, now)) linger(request, input.caller, now, out);
  else if (input.kind === 'release') release(request, input, now, out);
  else if (input.kind === 'extend') prolong(request, 'extend', input.ttlMs, now, out, input.caller);
  else transfer(request, input.caller, now, out);
}

function transfer(request: Request, caller: number, now: Now, out: Command[]): void {
  // Without an answer it may be in nobody's inbox already.
  request.isAdrift = true;
  prolong(request, 'transfer', request.terms.ttlMs, now, out, caller);
}

/** Asks for an end of the lease that far from now, for somebody who waits for the answer. */
function prolong(
  request: Request,
  kind: 'extend' | 'transfer',
  askedMs: number,
  now: Now,
  out: Command[],
  caller: number,
): void {
  const { name, id } = request;
  const time = request.time as LeaseTime;
  const ttlMs = time.withinHold(askedMs, now);
  if (kind === 'extend') time.shorten(ttlMs, now);
  request.send({ kind, name, id, ttlMs, turn: request.turn + 1 }, now, out, { caller, isUrgent: true });
}

/**
 * What the clocks say of the lease; and what is due by now is done.
 * @param isAllRead whatever the server had said by now has been read
 */
function look(request: Request, now: Now, out: Command[], isAllRead = false): void {
  const time = request.time as LeaseTime;
  if (now.ms >= request.endMs) {
    // The event loop may have been blocked: until its alarm rings, an answer that lies unread may confirm the lease.
    if (!isAllRead && request.isSettled && request.isBeingConfirmed) request.move('doubted');
    else expired(request, now, out);
    return;
  }
  if (request.isSettled && request.state !== 'doubted' && time.mayBeOver(now)) {
    request.doubtEndMs = now.ms + request.terms.doubtMs;
    request.move('doubted');
    confirm(request, now, out);
  }
  time.compare(now);
  if (now.ms >= time.renewAtMs) renew(request, now, out);
}

function expired(request: Request, now: Now, out: Command[]): void {
  if (request.isSettled) lose(request, 'expired', 'may have it', now, out);
  else waitAgain(request, now, out);
}

/** The grant came to nothing before anybody had entered by it. The server may have kept the place in the queue. */
function waitAgain(request: Request, now: Now, out: Command[]): void {
  dropGrant(request);
  askSurely(request, now, out);
}

/** As {@link waitAgain}, and the server has said so. */
function backInQueue(
  request: Request,
  askAt: number,
  { exchange: { at, receivedMs } }: Answered,
  now: Now,
): void {
  dropGrant(request);
  request.askAtMs = unhurriedMs(request, receivedMs + (askAt - at) / 1000, now);
}

function dropGrant(request: Request): void {
  request.time = undefined;
  request.token = 0;
  request.isProvisional = false;
  request.isWanted = false;
  request.expectedMs = Infinity;
  request.move('waiting');
}

/** Asks whether the server still knows the lease; where it may, it is renewed by that. */
function confirm(request: Request, now: Now, out: Command[]): void {
  if (request.state === 'held' && request.time?.isRenewable) renew(request, now, out);
  else askSurely(request, now, out);
}

/** One try. */
export function renew(request: Request, now: Now, out: Command[], isUrgent = false): void {
  const { name, id, state } = request;
  const time = request.time as LeaseTime;
  if (state === 'granted') {
    acknowledge(request, now, out);
    return;
  }
  if (state === 'doubted') {
    time.renewing(now);
    askSurely(request, now, out);
    return;
  }
  const ttlMs = time.renewalTtlMs(now);
  time.renewing(now);
  if (ttlMs < 1) return;
  time.shorten(ttlMs, now);
  request.send({ kind: 'extend', name, id, ttlMs, turn: request.turn + 1 }, now, out, { isUrgent });
}

function answered(request: Request, input: Answered, now: Now, out: Command[]): void {
  const { call, answer } = input;
  if (call.id !== request.id) return;
  switch (answer.state) {
    case 'held':
      stillHeld(request, answer, input, now, out);
      return;
    case 'waiting':
      settleEnded(call, out);
      // The grant was acknowledged too late, and the request is in the queue again: or it is old news.
      if (!isAfterGrant(request, call)) return;
      if (request.isSettled) lose(request, 'expired', 'has it', now, out);
      else backInQueue(request, answer.askAt, input, now);
      return;
    case 'gone':
      gone(request, answer, input, now, out);
      return;
    default:
      notUnderstood(input, out);
  }
}

function stillHeld(
  request: Request,
  answer: AnswerOf<'held'>,
  input: Answered,
  now: Now,
  out: Command[],
): void {
  const { call } = input;
  if (request.isSettled && isOtherGrant(request, answer, call)) {
    lose(request, 'forgotten-by-server', 'has it', now, out);
    settleEnded(call, out);
    return;
  }
  if (call.operation.kind === 'transfer') {
    transferred(request, call, out);
    return;
  }
  if (isAboutLease(request, answer, call)) {
    confirmed(request, answer, input, now, out);
    // The caller would have entered by a lease that was over already.
    if (request.state !== 'held') return;
  }
  if (call.caller !== NOBODY)
    out.push({ kind: 'settle', caller: call.caller, outcome: { kind: 'extended' } });
  look(request, now, out);
}

/** Whether the server means another grant of the request than the one by which its caller has entered. */
function isOtherGrant(request: Request, { token }: AnswerOf<'held'>, call: Send): boolean {
  // A greater token: a copy of the request came late, and was granted anew.
  if (token >= request.token) return token > request.token;
  // A smaller one, asked for after the push: the server has not sent that push.
  return isFinal(call) && isAfterGrant(request, call);
}

/** Whether an answer is the newest word on the lease. */
function isAboutLease(request: Request, { token }: AnswerOf<'held'>, call: Send): boolean {
  if (token === request.token) return request.isNews(call);
  // Nobody has entered by the push: what the server says counts, whatever was pushed.
  return !request.isSettled && isFinal(call) && isAfterGrant(request, call);
}

/** Whether a call was sent after the grant was pushed, and after whatever has said how long the lease lasts. */
function isAfterGrant({ grantTurn, appliedTurn }: Request, { turn }: Send): boolean {
  return turn > Math.max(grantTurn, appliedTurn);
}

/** The server has confirmed the lease. */
function confirmed(
  request: Request,
  { due, token }: AnswerOf<'held'>,
  { call, exchange }: Answered,
  now: Now,
  out: Command[],
): void {
  request.token = token;
  request.retime(call, exchange, due);
  if (!request.isSettled && request.time?.isOver(now)) {
    dropGrant(request);
    askAnew(request, 'expired', now, out);
    return;
  }
  request.isProvisional = false;
  request.doubtEndMs = Infinity;
  request.move('held');
  if (!request.isSettled) enter(request, now, out);
  // An answer that was long on its way may tell of a lease that is over by now.
  if (call.operation.kind === 'extend' && request.time?.isLive(now))
    out.push({ kind: 'tell', event: 'extended' });
}

function transferred(request: Request, call: Send, out: Command[]): void {
  request.why = 'transferred';
  request.move('over');
  out.push({ kind: 'tell', event: 'transferred' });
  out.push({ kind: 'settle', caller: call.caller, outcome: { kind: 'transferred' } });
}

function gone(
  request: Request,
  { why }: AnswerOf<'gone'>,
  { call }: Answered,
  now: Now,
  out: Command[],
): void {
  // A node that lags may not know the lease yet; and what was asked before the grant is old news.
  const isInDoubt = !isFinal(call) || !isAfterGrant(request, call);
  if (isInDoubt && why === undefined) askSurely(request, now, out);
  else if (!request.isSettled) waitAgain(request, now, out);
  else lose(request, why ?? endedBy(request, now), 'has it not', now, out);
  settleEnded(call, out);
}

function notUnderstood({ call, answer }: Answered, out: Command[]): void {
  const code = answer.state === 'refused' ? answer.code : 0;
  if (call.caller !== NOBODY)
    out.push({ kind: 'settle', caller: call.caller, outcome: { kind: 'refused', code } });
  else out.push({ kind: 'tell', event: 'refused', code });
}

function failed(request: Request, { call, error }: Failed, now: Now, out: Command[]): void {
  if (call.caller !== NOBODY) {
    out.push({ kind: 'settle', caller: call.caller, outcome: { kind: 'failed', error } });
    return;
  }
  const { kind } = call.operation;
  const isConfirming = kind === 'extend' || kind === 'acknowledge' || request.state === 'doubted';
  // What goes wrong with a mere question will show again; the deadline stands.
  if (!isConfirming || call.id !== request.id) return;
  (request.time as LeaseTime).retry(now);
  out.push({ kind: 'tell', event: 'error', error });
}

/** The manager closes, and releases the lease: whoever still works under it is told by the signal. */
function close(request: Request, reason: unknown, now: Now, out: Command[]): void {
  if (!request.isSettled) {
    abandon(request, { kind: 'failed', error: reason }, now, out);
    return;
  }
  const keepMs = request.time?.keepMs(now) ?? 0;
  request.why = 'closed';
  request.move('over');
  out.push({ kind: 'abort', reason });
  // What belongs to nobody's inbox, must outlive it, or may arrive again, is not ended by closing that.
  if (keepMs > 0) request.send(endOperation(request, 'keep', keepMs), now, out);
  else if (request.isAdrift || request.mayReturn)
    request.send(endOperation(request, plainEnd(request)), now, out);
  out.push({ kind: 'tell', event: 'released' });
}
