/** What the conformance suite and the program under test say to each other: docs/CONFORMANCE.md tells it in prose. */

/** What a client may be able to do beyond acquiring and releasing an exclusive lock. */
export const FEATURES = [
  'try',
  'wait-timeout',
  'cancel',
  'tokens',
  'truth',
  'renew',
  'extend',
  'lost',
  'shared',
  'semaphore',
  'several-names',
  'transfer',
  'reconnect',
  'inbox',
] as const;
export type Feature = (typeof FEATURES)[number];

/** What is asked for; times in milliseconds. */
export interface Terms {
  readonly names: readonly string[];
  readonly ttl: number;
  /** The longest to wait; `null`: as long as it takes. */
  readonly wait: number | null;
  /** Renew the lease until it is released. */
  readonly renew: boolean;
  readonly mode: 'exclusive' | 'shared' | 'semaphore';
  /** How many permits of a semaphore, of how many; 1 and 1 unless `mode` is `semaphore`. */
  readonly permits: number;
  readonly of: number;
}

export interface Login {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly collection: string;
}

/** `key` names a lease between the suite and the program; it never reaches the server. */
export type Order =
  | ({ readonly do: 'open' } & Login)
  | ({ readonly do: 'acquire' | 'try'; readonly key: string } & Terms)
  | { readonly do: 'cancel' | 'release' | 'is-held' | 'serialize'; readonly key: string }
  | { readonly do: 'extend'; readonly key: string; readonly ttl: number }
  | { readonly do: 'adopt'; readonly key: string; readonly text: string }
  | { readonly do: 'close' };

export type OrderMessage = Order & { readonly call: number };

/** One answer a call, in whatever order; `lost` whenever it is found out. */
export type Said =
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly error: string; readonly message?: string }
  | { readonly event: 'lost'; readonly key: string; readonly why?: string };

/** The errors that the suite tells apart; any other is a failure. */
export type Refused = 'timeout' | 'cancelled' | 'lost';
