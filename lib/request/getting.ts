import type { Answer } from '../schema/operations.js';
import type { Asked, Command } from './commands.js';
import { askAnew, end, MOST_TRIES, sendRequest, unhurriedMs } from './asking.js';
import { abandon, timeOut, withdrawFor } from './ending.js';
import { acknowledge, askSurely, enter, renew } from './holding.js';
import type { Input, Now } from './inputs.js';
import { LeaseTime } from './lease-time.js';
import { refuseOwner } from './owner.js';
import { isFinal, type Request } from './request.js';

type Answered = Extract<Input, { kind: 'answered' }>;
type Failed = Extract<Input, { kind: 'failed' }>;
type Granted = Extract<Input, { kind: 'granted' }>;
type Handed = Extract<Input, { kind: 'handed' }>;
type AnswerOf<S extends Answer['state']> = Extract<Answer, { state: S }>;

/** After a question that had no answer. */
const ASK_AGAIN_MS = 1_000;
const LEAST_AGAIN_MS = 50;
/** Waiters further back ask a little later: when those ahead live, they have settled the matter by then. */
const STAGGER_MS = 5;
const MOST_STAGGER_MS = 80;

export function start(request: Request, now: Now, out: Command[]): void {
  const { waitTimeoutMs } = request.terms;
  if (mayWait(request) && waitTimeoutMs !== undefined) request.giveUpAtMs = request.startedMs + waitTimeoutMs;
  sendRequest(request, now, out);
}

/** Whoever steals waits for nobody, but for a server that is not there. */
function mayWait({ terms: { how } }: Request): boolean {
  return how === 'acquire' || how === 'steal';
}

/** State `asking`. */
export function asking(request: Request, input: Input, now: Now, out: Command[]): void {
  switch (input.kind) {
    case 'answered':
      if (input.call.id === request.id) requestAnswered(request, input, now, out);
      return;
    case 'failed':
      if (input.call.id === request.id) requestFailed(request, input, now, out);
      return;
    default:
      anyGetting(request, input, now, out);
  }
}

/** State `waiting`. */
export function waiting(request: Request, input: Input, now: Now, out: Command[]): void {
  switch (input.kind) {
    case 'answered':
      // What is said of an id that it had before is old news.
      if (input.call.id === request.id) questionAnswered(request, input, now, out);
      return;
    case 'failed':
      if (input.call.id === request.id) questionFailed(request, input, now, out);
      return;
    case 'ask':
      ask(request, input.isSure, now, out);
      return;
    case 'ask-at':
      request.askAtMs = Math.min(request.askAtMs, input.ms);
      request.expectedMs = input.ms;
      return;
    case 'connected':
      ask(request, true, now, out);
      return;
    default:
      anyGetting(request, input, now, out);
  }
}

/** What is the same for all that have no lease yet. */
function anyGetting(request: Request, input: Input, now: Now, out: Command[]): void {
  switch (input.kind) {
    case 'granted':
      pushedGrant(request, input, now, out);
      return;
    case 'handed':
      handed(request, input, now, out);
      return;
    case 'lost':
      request.isSaidLost = true;
      if (request.state === 'waiting') ask(request, true, now, out);
      return;
    case 'wanted':
      request.isWanted = true;
      return;
    case 'disconnected':
      if (request.requestsOpen > 0) request.mayReturn = true;
      return;
    case 'connected':
      if (request.againAtMs < Infinity) sendAgain(request, now, out);
      return;
    case 'alarm':
      if (now.ms >= request.giveUpAtMs) timeOut(request, input.trouble, now, out);
      else if (now.ms >= request.againAtMs) sendAgain(request, now, out);
      return;
    case 'give-up':
      withdrawFor(request, { kind: 'failed', error: input.reason }, input.trouble, now, out);
      return;
    default:
      endedEarly(request, input, now, out);
  }
}

/** Ended by its manager, or by an owner who has no lease yet. */
function endedEarly(request: Request, input: Input, now: Now, out: Command[]): void {
  switch (input.kind) {
    case 'cut-off':
      abandon(request, { kind: 'failed', error: input.reason }, now, out);
      // No try after the first would find anybody.
      request.endGiveUpMs = now.ms;
      return;
    case 'close': {
      const outcome = { kind: 'failed', error: input.reason } as const;
      // What is in the queue ends with the inbox; what is on its way may arrive after that.
      if (request.state === 'waiting') end(request, outcome, now, out);
      else abandon(request, outcome, now, out);
      return;
    }
    case 'release':
    case 'extend':
    case 'transfer':
      refuseOwner(input, false, out);
      return;
    default:
  }
}

function requestAnswered(
  request: Request,
  { call, answer, exchange }: Answered,
  now: Now,
  out: Command[],
): void {
  const { how } = request.terms;
  request.failure = undefined;
  switch (answer.state) {
    case 'held':
      heldByAnswer(request, answer, { call, exchange }, now, out);
      return;
    case 'waiting':
      if (how === 'acquire') enterQueue(request, answer, exchange, now, out);
      else refused(request, answer, now, out);
      return;
    case 'busy':
      if (how === 'try') end(request, { kind: 'busy' }, now, out);
      else refused(request, answer, now, out);
      return;
    case 'gone':
      if (how === 'adopt') {
        const reason = answer.why ?? 'expired';
        end(request, { kind: 'lost', reason }, now, out);
      } else {
        // The answer to a repeat, of which the first was granted and taken away meanwhile.
        askAnew(request, 'taken', now, out);
      }
      return;
    default:
      refused(request, answer, now, out);
  }
}

/** A grant in an answer to a call of ours: the lease is counted from before that was sent. */
function heldByAnswer(
  request: Request,
  { due, token }: AnswerOf<'held'>,
  { call, exchange }: Pick<Answered, 'call' | 'exchange'>,
  now: Now,
  out: Command[],
): void {
  const { at, sentMs } = exchange;
  // No longer than was asked for, whatever the server says.
  const endMs = sentMs + Math.min((due - at) / 1000, request.longestMs);
  const end = { ms: endMs, wallMs: endMs + call.offsetMs };
  const { adopted } = request.terms;
  const isAdopted = adopted !== undefined;
  // What counts from the adoption does not begin anew with a question.
  const time = new LeaseTime(request.terms, isAdopted ? request.askedMs : sentMs, end, now.ms);
  const isRead = !isFinal(call);
  // A question by a change is out, which is a sign of life and knows better.
  if (isRead && request.sureChecksOpen > 0) return;
  if (isAdopted && token !== adopted.token) {
    // The server has lost the lease, and has granted the same request again: others may have held the lock between.
    abandon(request, { kind: 'lost', reason: 'forgotten-by-server' }, now, out);
    return;
  }
  if (time.isOver(now) && !isAdopted && !isRead) {
    // It was over before it was here: the process was stopped, or the network slow.
    askAnew(request, 'expired', now, out);
    return;
  }
  // There is no other lease to adopt. A lease that a read tells of may yet be acknowledged, or have its place back.
  if (!time.isLive(now)) {
    askOfOver(request, now, out);
    return;
  }
  request.time = time;
  request.token = token;
  request.appliedTurn = call.turn;
  if (isRead) {
    // The question made no change: the server has yet to hear that the grant has arrived.
    acknowledge(request, now, out);
    if (!request.terms.confirmGrants) enter(request, now, out);
    return;
  }
  request.retime(call, exchange, due);
  request.move('held');
  enter(request, now, out);
  // Of an adopted lease nobody knows how much is left.
  if (isAdopted) renew(request, now, out, true);
}

/** The lease was over before it was here. The server may say so again and again: it is asked a few times. */
function askOfOver(request: Request, now: Now, out: Command[]): void {
  const { how } = request.terms;
  if (request.tries < MOST_TRIES) {
    request.tries++;
    askSurely(request, now, out);
  } else if (how === 'adopt') {
    abandon(request, { kind: 'lost', reason: 'expired' }, now, out);
  } else {
    askAnew(request, 'expired', now, out);
  }
}

function pushedGrant(request: Request, input: Granted, now: Now, out: Command[]): void {
  const { proof, token, leaseMs, end, isDoubtful } = input;
  if (!request.isProof(proof)) return;
  const time = new LeaseTime(request.terms, end.ms - leaseMs, end, now.ms);
  if (!time.isLive(now)) {
    // The message lay in a buffer while the process was stopped: asked about, not believed.
    if (request.state === 'waiting') ask(request, true, now, out);
    else askSurely(request, now, out);
    return;
  }
  request.time = time;
  request.token = token;
  request.grantTurn = request.turn;
  acknowledge(request, now, out);
  // It may have been taken away since, or made up: nobody enters before the server has answered.
  if (!request.terms.confirmGrants && !isDoubtful) enter(request, now, out);
}

/** A grant in the answer to another call of this process: it needs no acknowledgement. */
function handed(
  request: Request,
  { token, leaseMs, sentMs, offsetMs }: Handed,
  now: Now,
  out: Command[],
): void {
  const lastsMs = Math.min(leaseMs, request.longestMs);
  const endMs = sentMs + lastsMs;
  const time = new LeaseTime(request.terms, sentMs, { ms: endMs, wallMs: endMs + offsetMs }, now.ms);
  if (!time.isLive(now)) {
    ask(request, true, now, out);
    return;
  }
  request.time = time;
  request.token = token;
  request.grantTurn = request.turn;
  time.confirm(sentMs, offsetMs, lastsMs);
  request.move('held');
  enter(request, now, out);
}

function enterQueue(
  request: Request,
  { askAt, ahead }: AnswerOf<'waiting'>,
  { at, receivedMs }: Answered['exchange'],
  now: Now,
  out: Command[],
): void {
  const { waitTimeoutMs, perTurnMs } = request.terms;
  if (waitTimeoutMs === undefined) request.giveUpAtMs = request.openedMs + ahead * perTurnMs;
  const isFirst = request.ahead === undefined;
  request.ahead = ahead;
  request.move('waiting');
  request.askAtMs = unhurriedMs(request, receivedMs + (askAt - at) / 1000 + staggerMs(ahead), now);
  request.expectedMs = request.askAtMs;
  if (isFirst) out.push({ kind: 'tell', event: 'waiting' });
}

/** It is in the queue, or was: what the server says of it now. */
function questionAnswered(
  request: Request,
  { call, answer, exchange }: Answered,
  now: Now,
  out: Command[],
): void {
  switch (answer.state) {
    case 'held':
      heldByAnswer(request, answer, { call, exchange }, now, out);
      return;
    case 'waiting': {
      request.tries = 1;
      const { at, receivedMs } = exchange;
      const toldMs = receivedMs + (answer.askAt - at) / 1000 + staggerMs(answer.ahead);
      // The server tells of what ends earlier than the time that is set: that time is kept.
      const setMs = [request.askAtMs, request.expectedMs].filter((ms) => ms > now.ms);
      request.askAtMs = unhurriedMs(request, Math.min(toldMs, ...setMs), now);
      return;
    }
    case 'gone':
      askForPlace(request, answer, call.operation, now, out);
      return;
    default:
      refused(request, answer, now, out);
  }
}

/** It lost its place: this process was silent for long, or the server has lost state. It is asked for again. */
function askForPlace(
  request: Request,
  answer: AnswerOf<'gone'>,
  operation: Asked,
  now: Now,
  out: Command[],
): void {
  request.askAtMs = Infinity;
  // It was granted and taken away before it was told here: the server does not take that id in again.
  if (answer.why !== undefined || operation.kind === 'acquire') request.startAnew();
  // Not for ever at the pace of the network.
  if (request.tries > MOST_TRIES) request.againAtMs = now.ms + ASK_AGAIN_MS;
  else sendRequest(request, now, out);
}

function questionFailed(request: Request, { error, how }: Failed, now: Now, out: Command[]): void {
  if (how === 'unanswered') {
    request.askAtMs = Math.min(request.askAtMs, now.ms + ASK_AGAIN_MS);
    return;
  }
  abandon(request, { kind: 'failed', error }, now, out);
}

function requestFailed(request: Request, { error, how }: Failed, now: Now, out: Command[]): void {
  const { terms } = request;
  // Another call is out for it, or will be.
  const isAsking = request.requestsOpen + request.checksOpen > 0 || request.againAtMs < Infinity;
  if (how === 'unanswered' && isAsking) return;
  const isPatient = mayWait(request) && terms.waitTimeoutMs !== undefined;
  if (how === 'unanswered' && isPatient) {
    // Who said how long to wait waits for the server, too. The alarm says when that time is over, be it now.
    request.failure = error;
    request.againAtMs = now.ms + Math.min(ASK_AGAIN_MS, LEAST_AGAIN_MS * request.turn);
    return;
  }
  const outcome = { kind: 'failed', error } as const;
  // After a refusal there is nothing to withdraw.
  if (how === 'refused') end(request, outcome, now, out);
  else abandon(request, outcome, now, out);
}

/**
 * Refused by a code of the schema, or by an answer that does not fit the question. After such an answer the request may
 * be in the queue.
 */
function refused(request: Request, answer: Answer, now: Now, out: Command[]): void {
  const isAnswer = answer.state === 'refused';
  const isQueued = request.state === 'waiting' || !isAnswer;
  const outcome = { kind: 'refused', code: isAnswer ? answer.code : 0 } as const;
  if (isQueued) abandon(request, outcome, now, out);
  else end(request, outcome, now, out);
}

function ask(request: Request, isSure: boolean, now: Now, out: Command[]): void {
  request.askAtMs = Infinity;
  const { name, id } = request;
  request.send({ kind: 'check', name, id, isSure }, now, out);
}

function sendAgain(request: Request, now: Now, out: Command[]): void {
  request.againAtMs = Infinity;
  sendRequest(request, now, out);
}

function staggerMs(ahead: number): number {
  return Math.min(MOST_STAGGER_MS, STAGGER_MS * Math.max(0, ahead - 1));
}
