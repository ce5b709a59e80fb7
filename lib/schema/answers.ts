import { MAX_TTL_MS, Refusal, Told, Was, Why } from './constants.js';
import type { Answer, Granted, InWay, Operation, TakenAway } from './operations.js';
import { isNumber, listOf, numbers, roomId, unexpected, type RoomId } from './replies.js';

/** A fencing token is the server's time, or one more than the last. No clock is a day ahead of itself. */
const MOST_AHEAD_US = 86_400_000_000;

/** What a call of `lock_batch` or `lock_steal` was answered. */
export interface Answers {
  readonly at: number;
  readonly room: RoomId;
  readonly answers: readonly Answer[];
}

/** Whether this can be the token of a grant that the server tells of at `at`. */
export function isToken(token: number, at: number): boolean {
  return token > 0 && token <= at + MOST_AHEAD_US;
}

/** Reads what the server gives as the reason. */
export function takenAway(why: unknown): TakenAway | undefined {
  return why === Why.stolen ? 'stolen' : why === Why.forceReleased ? 'force-released' : undefined;
}

/**
 * Reads `[at, room, [answer, ...]]`, an answer for each operation.
 * @throws LockProtocolError if it does not answer what was asked
 */
export function answersOf(reply: unknown, operations: readonly Operation[]): Answers {
  // By places, as to take lists apart takes longer in code that is not optimized yet.
  const parts = listOf(reply, 3);
  const at = parts[0];
  if (!isNumber(at)) throw unexpected(reply);
  const list = listOf(parts[2], operations.length);
  const answers: Answer[] = [];
  for (let i = 0; i < list.length; i++) answers.push(answerOf(list[i], at, operations[i]));
  return { at, room: roomId(parts[1]), answers };
}

function answerOf(reply: unknown, at: number, operation: Operation | undefined): Answer {
  const parts: unknown[] = Array.isArray(reply) ? reply : [];
  const told = parts[0];
  const first = parts[1];
  const second = parts.length > 2 ? parts[2] : NaN;
  const areNumbers = isNumber(told) && isNumber(first) && (parts.length < 3 || isNumber(second));
  const answer = areNumbers ? read(told, first, second as number, at) : undefined;
  if (answer === undefined || !fits(answer, operation?.kind)) throw unexpected(reply);
  if (answer.state !== 'ended' || parts.length < 4) return answer;
  // Not by spreading: V8 would make each such object a shape of its own, which takes 2 us.
  const { was } = answer;
  if (was === 'held') return { state: 'ended', was, token: answer.token, next: next(parts, at) };
  return was === 'waiting' ? { state: 'ended', was, inWay: inWay(parts) } : answer;
}

/** The lease of the one who was next. */
function next(parts: readonly unknown[], at: number): Granted {
  const [due = NaN, token = NaN] = numbers(parts.slice(3));
  if (parts.length !== 5 || !isLease(due, at) || !isToken(token, at)) throw unexpected(parts);
  return { due, token };
}

function isLease(due: number, at: number): boolean {
  return due > at && due <= at + MAX_TTL_MS * 1000;
}

function read(told: number, first: number, second: number, at: number): Answer | undefined {
  switch (told) {
    case Told.gone:
      return { state: 'gone', why: takenAway(first) };
    case Told.waiting:
      return second >= 0 ? { state: 'waiting', askAt: first, ahead: second } : undefined;
    case Told.held:
      if (!isLease(first, at) || !isToken(second, at)) return undefined;
      return { state: 'held', due: first, token: second };
    case Told.busy:
      return { state: 'busy', due: first };
    case Told.refused:
      return Object.values<number>(Refusal).includes(first) ? { state: 'refused', code: first } : undefined;
    case Told.ended:
      return ended(first, second, at);
    default:
      return undefined;
  }
}

/** For a message only: what cannot be is left out. */
function inWay([, , ahead, owner, since]: unknown[]): InWay | undefined {
  if (typeof ahead !== 'number' || ahead < 0) return undefined;
  const isHolder = typeof owner === 'string' && owner !== '' && Number.isSafeInteger(since);
  return { ahead, holder: isHolder ? { owner, since: since as number } : undefined };
}

function ended(was: number, token: number, at: number): Answer | undefined {
  if (was === Was.held) return isToken(token, at) ? { state: 'ended', was: 'held', token } : undefined;
  if (was === Was.waiting) return { state: 'ended', was: 'waiting' };
  return was === Was.gone ? { state: 'ended', was: 'gone' } : undefined;
}

/** Whether an operation can be answered so. */
function fits({ state }: Answer, kind: Operation['kind'] | undefined): boolean {
  if (state === 'refused') return true;
  if (kind === 'release' || kind === 'withdraw' || kind === 'keep') return state === 'ended';
  return state !== 'ended' && (state !== 'busy' || kind === 'try');
}
