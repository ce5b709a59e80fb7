import type { ServerResponse } from 'node:http';

/** The client has gone: nobody wants the answer any more. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

/**
 * Aborts when the client hangs up before it has its answer. As the `signal` of a lock it frees the place in the queue
 * at once. Those behind move up, and the work is not done for nobody.
 */
export function hangUpSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const closed = (): void => {
    if (!response.writableFinished) controller.abort(new ClientGoneError('the client has gone'));
  };
  // The client may have gone before the handler ran: 'close' does not come again.
  if (response.closed || response.destroyed) closed();
  else response.once('close', closed);
  return controller.signal;
}
