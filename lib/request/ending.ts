import type { LostReason } from '../errors.js';
import type { Answer, OwnWaiter } from '../schema/operations.js';
import { ACQUIRER, NOBODY, type Asked, type Command, type Outcome, type Send } from './commands.js';
import type { Input, Now } from './inputs.js';
import { refuseOwner, settleEnded, type ByOwner } from './owner.js';
import { isRequest, type Request } from './request.js';

type Answered = Extract<Input, { kind: 'answered' }>;
type Failed = Extract<Input, { kind: 'failed' }>;
type Release = Pick<Extract<Input, { kind: 'release' }>, 'caller' | 'next'>;

/** How long a caller who gives up waits for the withdrawal to be confirmed before it goes on without. */
const WITHDRAW_MS = 500;
const MOST_CONTRADICTIONS = 3;
const WITHDRAW_AGAIN_MS = 100;
/** After a minute the server may have forgotten that the request was withdrawn. */
const WITHDRAW_LIMIT_MS = 60_000;

/** The owner ends the lease. */
export function release(request: Request, { caller, next }: Release, now: Now, out: Command[]): void {
  const keepMs = request.time?.keepMs(now) ?? 0;
  request.ending = keepMs > 0 ? 'keep' : plainEnd(request);
  request.endCaller = caller;
  // The server may have renewed it without our hearing of it. A grant that was not acknowledged may be a place in the
  // queue again. A copy of the request may be on its way.
  const isLasting = request.isProvisional || request.ending === 'withdraw';
  const mayLastMs = isLasting ? WITHDRAW_LIMIT_MS : request.terms.ttlMs;
  request.endGiveUpMs = Math.max(now.ms + mayLastMs, request.time?.deadlineMs ?? 0);
  request.move('ending');
  sendEnd(request, now, out, next);
}

/**
 * The acquirer gives up: it is told so once the withdrawal is confirmed, or has taken too long. A server that is silent
 * already is not waited for.
 */
export function withdrawFor(
  request: Request,
  outcome: Outcome,
  trouble: unknown,
  now: Now,
  out: Command[],
): void {
  const silentMs = request.state === 'asking' ? now.ms - request.askedMs : 0;
  const limitMs = trouble === undefined ? Math.max(0, WITHDRAW_MS - silentMs) : 0;
  request.endOutcome = outcome;
  request.endCaller = ACQUIRER;
  request.endSettleByMs = now.ms + limitMs;
  withdraw(request, now, out);
}

/** The acquirer has waited long enough. */
export function timeOut(request: Request, trouble: unknown, now: Now, out: Command[]): void {
  const { failure, startedMs, ahead } = request;
  const cause = failure ?? trouble;
  withdrawFor(request, { kind: 'timed-out', waitedMs: now.ms - startedMs, ahead, cause }, cause, now, out);
}

/** The acquirer is told at once, and the request is withdrawn behind it, as often as it takes. */
export function abandon(request: Request, outcome: Outcome, now: Now, out: Command[]): void {
  request.endOutcome = outcome;
  request.settle(outcome, out);
  withdraw(request, now, out);
}

export function withdraw(request: Request, now: Now, out: Command[]): void {
  request.giveUpAtMs = Infinity;
  request.againAtMs = Infinity;
  request.endGiveUpMs = now.ms + WITHDRAW_LIMIT_MS;
  request.ending = 'release';
  request.move('ending');
  if (mayWithdraw(request)) sendEnd(request, now, out);
}

/** What withdraws a request that is on its way has to come after it. Of one that may arrive twice the server is told so. */
function mayWithdraw({ requestsOpen, mayReturn }: Request): boolean {
  return requestsOpen === 0 || mayReturn;
}

/**
 * The lease has ended without a release.
 * @param server whether the server has the request still, as a lease, as a waiter or as a later grant
 */
export function lose(
  request: Request,
  reason: LostReason,
  server: 'has it' | 'has it not' | 'may have it',
  now: Now,
  out: Command[],
): void {
  const { state, mayReturn } = request;
  const hasIt = server === 'has it' || (server === 'may have it' && mayLiveOn(request));
  request.why = 'lost';
  out.push({ kind: 'abort', lost: reason });
  if (state !== 'ending' && (hasIt || mayReturn)) {
    request.endOutcome = { kind: 'ended' };
    withdraw(request, now, out);
  } else {
    request.move('over');
  }
  if (reason === 'expired') out.push({ kind: 'tell', event: 'expired' });
  out.push({ kind: 'tell', event: 'lost', reason });
}

/** Why a lease is gone that nobody took away. */
export function endedBy({ time }: Request, now: Now): LostReason {
  return time?.isLive(now) === false ? 'expired' : 'forgotten-by-server';
}

/** A renewal may come through after all, or a grant was not acknowledged. Or a limit of ours has ended the lease. */
function mayLiveOn({ isProvisional, time, prolongingCalls, mayProlong }: Request): boolean {
  return isProvisional || mayProlong || prolongingCalls > 0 || time?.isCutShort === true;
}

/** State `ending`. */
export function ending(request: Request, input: Input, now: Now, out: Command[]): void {
  switch (input.kind) {
    case 'answered':
      endingAnswered(request, input, now, out);
      return;
    case 'failed':
      endingFailed(request, input, now, out);
      return;
    case 'alarm':
      endingAlarm(request, now, out);
      return;
    case 'granted':
      // At once: silence would be taken for the death of this process.
      if (isWithdrawn(request) && request.isProof(input.proof)) sendEnd(request, now, out);
      return;
    case 'disconnected':
      if (request.requestsOpen > 0) request.mayReturn = true;
      return;
    case 'connected':
      if (isWithdrawn(request) ? mayWithdraw(request) : request.againAtMs < Infinity)
        sendEnd(request, now, out);
      return;
    case 'close':
    case 'cut-off':
      if (isWithdrawn(request)) tellAcquirer(request, out);
      // The last try: another would find nobody.
      request.endGiveUpMs = now.ms;
      if (request.endsOpen === 0 && (!isWithdrawn(request) || request.requestsOpen === 0))
        sendEnd(request, now, out);
      return;
    case 'release':
      releaseAgain(request, input, now, out);
      return;
    case 'extend':
    case 'transfer':
      refuseOwner(input, isReleased(request), out);
      return;
    default:
  }
}

/** Tried again by its owner, while it is tried again behind the one who had no answer. */
function releaseAgain(request: Request, input: ByOwner, now: Now, out: Command[]): void {
  if (isWithdrawn(request) || request.endCaller !== NOBODY) {
    refuseOwner(input, isReleased(request), out);
    return;
  }
  request.endCaller = input.caller;
  if (request.againAtMs < Infinity) sendEnd(request, now, out);
}

/** State `over`. */
export function over(request: Request, input: Input, now: Now, out: Command[]): void {
  switch (input.kind) {
    case 'answered':
    case 'failed':
      settleEnded(input.call, out);
      return;
    case 'release':
      if (request.why === 'unanswered') release(request, { caller: input.caller }, now, out);
      else refuseOwner(input, isReleased(request), out);
      return;
    case 'extend':
    case 'transfer':
      refuseOwner(input, isReleased(request), out);
      return;
    default:
  }
}

/** Whether the lease ended by its owner's doing. */
function isReleased({ why }: Request): boolean {
  return why === 'released' || why === 'closed';
}

function endingAnswered(request: Request, input: Answered, now: Now, out: Command[]): void {
  const { call, answer } = input;
  // An answer that comes when it matters no more.
  if (call.id !== request.id) settleEnded(call, out);
  else if (isRequest(call.operation) && isWithdrawn(request)) requestAnswered(request, answer, now, out);
  else if (!isOfEnd(request, call)) leaseAnswered(request, input, out);
  else if (isWithdrawn(request)) withdrawn(request, answer, out);
  else if (call.operation.kind === 'check') whyAnswered(request, answer, now, out);
  else released(request, input, now, out);
}

/**
 * What was asked before the release: how long the lease has lasted tells later whether there was one to release. One that
 * is lost gets no longer by it.
 */
function leaseAnswered(request: Request, { call, answer, exchange }: Answered, out: Command[]): void {
  const { time, token } = request;
  const isSame = answer.state === 'held' && answer.token === token && time !== undefined;
  if (isSame && !isWithdrawn(request) && request.isNews(call)) request.retime(call, exchange, answer.due);
  settleEnded(call, out);
}

/** It was given up before it was answered: now it can be withdrawn, if there is anything to withdraw. */
function requestAnswered(request: Request, { state }: Answer, now: Now, out: Command[]): void {
  const isThere = state === 'held' || state === 'waiting';
  if (request.endsOpen > 0) return;
  if (isThere || request.mayReturn) sendEnd(request, now, out);
  else finish(request, out);
}

/** Who was in its way is told to whoever has waited too long. */
function withdrawn(request: Request, answer: Answer, out: Command[]): void {
  const { endOutcome } = request;
  const inWay = answer.state === 'ended' && answer.was === 'waiting' ? answer.inWay : undefined;
  if (endOutcome?.kind === 'timed-out' && inWay !== undefined) request.endOutcome = { ...endOutcome, inWay };
  finish(request, out);
}

/** The server's word on the release. */
function released(request: Request, { answer, exchange }: Answered, now: Now, out: Command[]): void {
  if (answer.state !== 'ended') {
    endFailed(request, { kind: 'refused', code: answer.state === 'refused' ? answer.code : 0 }, out);
    return;
  }
  if (exchange.wasRepeated) request.mayHaveEnded = true;
  if (answer.was === 'held') {
    // A later grant of the request: the lease had come to nothing before, and the server has granted it anew.
    if (answer.token !== request.token) wasLost(request, endedBy(request, now), now, out);
    else wasReleased(request, out);
  } else if (answer.was === 'waiting' || (request.time?.isOver(now) && !request.mayHaveEnded)) {
    wasLost(request, 'expired', now, out);
  } else {
    // Who ended it? Perhaps an earlier try of ours: the server remembers if it was somebody else.
    const { name, id } = request;
    request.send({ kind: 'check', name, id, isSure: true }, now, out);
    request.whyTurn = request.turn;
  }
}

/** The server was asked why there was no lease to release. */
function whyAnswered(request: Request, answer: Answer, now: Now, out: Command[]): void {
  // A server that then says again that there is none to release contradicts itself: it is not asked for ever.
  const isThere = answer.state === 'held' || answer.state === 'waiting';
  if (isThere && request.contradictions++ < MOST_CONTRADICTIONS) endAgain(request, answer.state, now, out);
  else if (answer.state === 'gone' && answer.why !== undefined) wasLost(request, answer.why, now, out);
  else if (request.time?.isLive(now) === false) wasLost(request, 'expired', now, out);
  // A lease that is not over by our clocks is not over by the server's. So our own earlier try has ended it.
  else if (request.mayHaveEnded) wasReleased(request, out);
  else wasLost(request, 'forgotten-by-server', now, out);
}

/** Where the grant had come to nothing, the request waits again, although nobody wants it any more. */
function endAgain(request: Request, state: 'held' | 'waiting', now: Now, out: Command[]): void {
  if (state === 'waiting') request.ending = plainEnd(request);
  sendEnd(request, now, out);
}

function wasReleased(request: Request, out: Command[]): void {
  request.why = 'released';
  request.move('over');
  out.push({ kind: 'tell', event: 'released' });
  settleEnd(request, { kind: 'released', wasHeld: true }, out);
}

function wasLost(request: Request, reason: LostReason, now: Now, out: Command[]): void {
  lose(request, reason, 'has it not', now, out);
  settleEnd(request, { kind: 'released', wasHeld: false }, out);
}

function endingFailed(request: Request, input: Failed, now: Now, out: Command[]): void {
  const { call, how } = input;
  if (call.id === request.id && isRequest(call.operation) && isWithdrawn(request)) {
    if (how === 'refused') finish(request, out);
    else if (request.endsOpen === 0) sendEnd(request, now, out);
  } else if (call.id !== request.id || !isOfEnd(request, call)) {
    settleEnded(call, out);
  } else if (!isWithdrawn(request)) {
    const isWhy = call.operation.kind === 'check';
    // That the lease was gone is known; only the reason is not.
    if (isWhy && !request.mayHaveEnded) wasLost(request, 'forgotten-by-server', now, out);
    else releaseFailed(request, input, now, out);
  } else if (how === 'refused' || now.ms >= request.endGiveUpMs) {
    finish(request, out);
  } else {
    request.mayReturn = true;
    request.againAtMs = now.ms + WITHDRAW_AGAIN_MS;
  }
}

/** The caller is told. The lock is given back behind it when the server can be reached, if that is before the end. */
function releaseFailed(request: Request, { error, how }: Failed, now: Now, out: Command[]): void {
  const outcome = { kind: 'failed', error } as const;
  if (how === 'refused' || now.ms >= request.endGiveUpMs) {
    endFailed(request, outcome, out);
    return;
  }
  request.mayHaveEnded = true;
  request.againAtMs = now.ms + WITHDRAW_AGAIN_MS;
  settleEnd(request, outcome, out);
}

/** The caller of `release` may try again. */
function endFailed(request: Request, outcome: Outcome, out: Command[]): void {
  request.why = 'unanswered';
  request.move('over');
  settleEnd(request, outcome, out);
}

function endingAlarm(request: Request, now: Now, out: Command[]): void {
  if (now.ms >= request.endSettleByMs) tellAcquirer(request, out);
  if (now.ms < request.againAtMs) return;
  if (isWithdrawn(request) || now.ms < request.endGiveUpMs) {
    sendEnd(request, now, out);
    return;
  }
  request.againAtMs = Infinity;
  request.why = 'unanswered';
  request.move('over');
}

/** It is withdrawn, or cannot be. */
function finish(request: Request, out: Command[]): void {
  tellAcquirer(request, out);
  request.againAtMs = Infinity;
  request.why ??= 'not-granted';
  request.move('over');
}

function tellAcquirer(request: Request, out: Command[]): void {
  request.endSettleByMs = Infinity;
  request.endCaller = NOBODY;
  if (!request.isSettled) request.settle(request.endOutcome as Outcome, out);
}

function settleEnd(request: Request, outcome: Outcome, out: Command[]): void {
  if (request.endCaller !== NOBODY) out.push({ kind: 'settle', caller: request.endCaller, outcome });
  request.endCaller = NOBODY;
}

/** Whether it is ending although nobody waits for the answer: it was given up, or lost. */
function isWithdrawn(request: Request): boolean {
  return request.endOutcome !== undefined;
}

/** Whether this was asked in order to end it, or to learn why it had ended. */
function isOfEnd({ whyTurn }: Request, { operation: { kind }, turn }: Send): boolean {
  if (kind === 'check') return turn === whyTurn;
  return kind === 'release' || kind === 'withdraw' || kind === 'keep';
}

/** @param next of a first try only: a copy of it may have had this effect already */
function sendEnd(request: Request, now: Now, out: Command[], next?: OwnWaiter): void {
  request.againAtMs = Infinity;
  const keepMs = request.time?.keepMs(now) ?? 0;
  const isOverdue = request.ending === 'keep' && keepMs < 1;
  if (isOverdue || isWithdrawn(request)) request.ending = plainEnd(request);
  request.send(endOperation(request, request.ending ?? 'release', keepMs, next), now, out);
}

/** Of a request that was sent twice, or has no answer yet, a copy may still arrive: it must find itself withdrawn. */
export function plainEnd({ mayReturn, requestsOpen }: Request): 'release' | 'withdraw' {
  return mayReturn || requestsOpen > 0 ? 'withdraw' : 'release';
}

export function endOperation(
  request: Request,
  how: 'release' | 'withdraw' | 'keep',
  keepMs = 0,
  next?: OwnWaiter,
): Asked {
  const { name, id } = request;
  if (how === 'keep') return { kind: 'keep', name, id, ms: keepMs };
  return how === 'release' ? { kind: 'release', name, id, next } : { kind: 'withdraw', name, id };
}
