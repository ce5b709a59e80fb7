import type { Answer } from '../schema/operations.js';
import type { Command } from './commands.js';
import { endOperation, withdraw } from './ending.js';
import { renew } from './holding.js';
import type { Input, Now } from './inputs.js';
import type { LeaseTime } from './lease-time.js';
import { refuseOwner } from './owner.js';
import type { Request } from './request.js';

type Answered = Extract<Input, { kind: 'answered' }>;

/** State `lingering`. Nobody works under the lease, so whatever is not as it should be ends it, and nobody is told. */
export function lingering(request: Request, input: Input, now: Now, out: Command[]): void {
  switch (input.kind) {
    case 'take':
      take(request, now, out);
      return;
    case 'alarm':
    case 'look':
      look(request, now, out);
      return;
    case 'answered':
      answered(request, input, now, out);
      return;
    case 'failed':
      if (input.call.id === request.id) giveUp(request, now, out);
      return;
    // Without a connection what is pushed is not heard.
    case 'wanted':
    case 'asked':
    case 'lost':
    case 'disconnected':
    case 'connected':
      giveUp(request, now, out);
      return;
    case 'cut-off':
      giveUp(request, now, out);
      request.endGiveUpMs = now.ms;
      return;
    case 'close':
      close(request, now, out);
      return;
    case 'release':
    case 'extend':
    case 'transfer':
      // A caller who has given it back has nothing more to do with it.
      refuseOwner(input, true, out);
      return;
    default:
  }
}

/** The lease ends with the inbox, unless a copy of its request may arrive after that. */
function close(request: Request, now: Now, out: Command[]): void {
  request.why = 'closed';
  request.move('over');
  if (request.mayReturn) request.send(endOperation(request, 'withdraw'), now, out);
}

/** Another caller has the lease from now on. */
function take(request: Request, now: Now, out: Command[]): void {
  const time = request.time as LeaseTime;
  request.lingerEndMs = Infinity;
  request.move('held');
  time.entered(now.ms);
  out.push({ kind: 'tell', event: 'acquired' });
  if (now.ms >= time.renewAtMs) renew(request, now, out);
}

function look(request: Request, now: Now, out: Command[]): void {
  const time = request.time as LeaseTime;
  if (now.ms >= request.lingerEndMs || !time.isLive(now)) {
    giveUp(request, now, out);
    return;
  }
  time.compare(now);
  if (now.ms >= time.idleRenewAtMs) renew(request, now, out);
}

function answered(request: Request, input: Answered, now: Now, out: Command[]): void {
  const { call, answer, exchange } = input;
  if (call.id !== request.id) return;
  // What a node that lags behind says is no news, nor is what was overtaken.
  if (!request.isNews(call)) return;
  if (!isSame(request, answer)) {
    giveUp(request, now, out);
    return;
  }
  request.retime(call, exchange, answer.due);
  look(request, now, out);
}

function isSame({ token }: Request, answer: Answer): answer is Extract<Answer, { state: 'held' }> {
  return answer.state === 'held' && answer.token === token;
}

/** The lease goes back to the server, as often as that takes until it would have ended there by itself. */
function giveUp(request: Request, now: Now, out: Command[]): void {
  const { time, mayReturn } = request;
  request.why = 'released';
  request.endOutcome = { kind: 'ended' };
  withdraw(request, now, out);
  if (!mayReturn) request.endGiveUpMs = Math.max(now.ms, (time as LeaseTime).deadlineMs);
}
