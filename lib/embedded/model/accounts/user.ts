import type { Whitelist, WhitelistKind } from './whitelist.js';

/** Lets whoever has its key log in as the user. */
export interface Token {
  readonly key: string;
  /** Seconds since the epoch; 0 is never. */
  readonly expiresAt: number;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /** May be empty. */
  readonly description: string;
}

/** Somebody who can log in. Rights are not kept here but with each scope. */
export interface User {
  readonly id: number;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  name: string;
  /** In the clear: it lives in the memory of a test and nowhere else. Without one, only tokens let the user in. */
  password: string | undefined;
  tokens: readonly Token[];
  readonly whitelists: Map<WhitelistKind, Whitelist>;
}
