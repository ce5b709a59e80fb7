import type { Asked, Command, Outcome } from './commands.js';
import { abandon } from './ending.js';
import type { Now } from './inputs.js';
import type { Request } from './request.js';

/** How many grants in a row may be over, or taken away, before they are here, until the caller is told. */
export const MOST_TRIES = 3;

export function sendRequest(request: Request, now: Now, out: Command[]): void {
  request.askedMs = now.ms;
  request.send(requestOperation(request), now, out);
}

function requestOperation(request: Request): Asked {
  const { terms, number } = request;
  if (terms.how !== 'adopt') return { kind: terms.how, terms: request.serverTerms };
  return { kind: 'adopt', name: request.name, id: terms.adopted?.id ?? '', newId: request.id, number };
}

/** Under a new id: the grant came to nothing. */
export function askAnew(request: Request, why: 'expired' | 'taken', now: Now, out: Command[]): void {
  if (request.tries === MOST_TRIES) {
    const outcome = { kind: 'never-arrived', why } as const;
    if (why === 'expired') abandon(request, outcome, now, out);
    else end(request, outcome, now, out);
    return;
  }
  const { id, name } = request;
  if (why === 'expired') request.send({ kind: 'withdraw', name, id }, now, out);
  request.startAnew();
  request.move('asking');
  sendRequest(request, now, out);
}

/** It will not be granted, by our own doing. */
export function end(request: Request, outcome: Outcome, now: Now, out: Command[]): void {
  if (request.mayReturn) {
    // A copy of it may still arrive, and be granted.
    abandon(request, outcome, now, out);
    return;
  }
  request.why = 'not-granted';
  request.settle(outcome, out);
  request.move('over');
}
