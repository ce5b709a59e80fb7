import type { Asked, Command, Outcome } from './commands.js';
import { abandon } from './ending.js';
import type { Now } from './inputs.js';
import type { Request } from './request.js';

/** The caller is told when so many grants in a row were over, or taken away, before they were here. */
export const MOST_TRIES = 3;
/** Questions that are so close to each other are hasty. */
const SOON_MS = 50;
/** Each hasty question in a row comes so much later than the one before it. */
const HASTY_MS = 5;
const MOST_HASTY_MS = 1_000;

export function sendRequest(request: Request, now: Now, out: Command[]): void {
  request.askedMs = now.ms;
  request.send(requestOperation(request), now, out);
}

function requestOperation(request: Request): Asked {
  const { terms, number } = request;
  if (terms.how !== 'adopt') return { kind: terms.how, terms: request.serverTerms };
  return { kind: 'adopt', name: request.name, id: terms.adopted?.id ?? '', newId: request.id, number };
}

/**
 * When to ask, if the server said to ask then. A lying server does not set the pace of the questions. Hasty ones get
 * slower one by one, up to a second apart.
 */
export function unhurriedMs(request: Request, toldMs: number, now: Now): number {
  request.hasty = toldMs - now.ms < SOON_MS ? request.hasty + 1 : 0;
  return Math.max(toldMs, now.ms + Math.min(MOST_HASTY_MS, HASTY_MS * request.hasty));
}

/** Under a new id: the grant came to nothing. */
export function askAnew(request: Request, why: 'expired' | 'taken', now: Now, out: Command[]): void {
  if (request.tries >= MOST_TRIES) {
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
