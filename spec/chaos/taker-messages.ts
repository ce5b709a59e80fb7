import type { Auth } from '../../lib/index.js';
import type { ResourceKind } from './history.js';
import type { PaceName } from './pace.js';
import type { Uses } from './round-plan.js';

/** What a taker is started with. */
export interface TakerTask {
  readonly process: string;
  readonly seed: number;
  readonly historyPath: string;
  readonly urls: readonly string[];
  readonly auth: Auth;
  readonly collection: string;
  readonly names: readonly string[];
  /** How many requests it has at the same time. */
  readonly hands: number;
  readonly pace: PaceName;
  readonly uses: Uses;
}

/** A lease that is handed on, as another process gets it. */
export interface Parcel {
  /** The request that it was granted to. */
  readonly request: string;
  readonly text: string;
  /** To how many it goes; the first who adopts it has it. */
  readonly copies: number;
  readonly names: readonly string[];
  readonly want: number;
  readonly limit: number | null;
  readonly ttlMs: number;
  readonly holdMs: number;
}

export type ToTaker =
  | { readonly do: 'step-clock'; readonly byMs: number }
  /** No new rounds; then, with nothing else going on, each name once. */
  | { readonly do: 'finish' }
  | { readonly do: 'adopt'; readonly parcel: Parcel }
  | { readonly do: 'close' }
  | { readonly do: 'written'; readonly call: number; readonly isAccepted: boolean };

export type FromTaker =
  | { readonly told: 'ready' }
  /** What one of its hands is doing. */
  | {
      readonly told: 'doing';
      readonly hand: number;
      readonly what: 'resting' | 'waiting' | 'holding';
      readonly ttlMs: number;
    }
  | {
      readonly told: 'write';
      readonly call: number;
      readonly resource: ResourceKind;
      readonly name: string;
      readonly token: number;
    }
  | { readonly told: 'handed-on'; readonly parcel: Parcel }
  | { readonly told: 'drained' };
