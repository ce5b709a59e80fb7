import { AsyncResource } from 'node:async_hooks';

/** The context that this module was loaded in: nobody's request. */
const root = new AsyncResource('thingsdb-lock');

/**
 * Runs `fn` outside of whatever asynchronous context the caller is in. A connection that one request happened to open
 * serves all of them. What comes in by it must neither run in that request's context nor keep that in memory.
 */
export function detached<T>(fn: () => T): T {
  return root.runInAsyncScope(fn);
}
