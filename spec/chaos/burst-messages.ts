import type { Auth } from '../../lib/index.js';

/** What a process of a burst is started with: a client, with a manager and a connection of its own, for each name. */
export interface BurstTask {
  readonly urls: readonly string[];
  readonly auth: Auth;
  readonly collection: string;
  readonly names: readonly string[];
}

export type FromBurstClients =
  /** Each of its clients has had its lock once. */
  | { readonly told: 'ready' }
  /** So many grants and failed calls since it was told last; `atMs` is now, on the clock that processes share. */
  | { readonly told: 'count'; readonly atMs: number; readonly grants: number; readonly failures: number };
