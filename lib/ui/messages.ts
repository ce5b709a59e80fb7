/** What the server of the live view tells its page: types only, for both sides. Times are milliseconds by the clock of ThingsDB. */

/** Who holds a name. */
export interface HolderView {
  readonly owner: string;
  readonly mode: 'exclusive' | 'shared' | 'semaphore';
  readonly count: number;
  /** How many there are, by this request; 1 of a lock. */
  readonly permits: number;
  readonly sinceMs: number;
  readonly fencingToken: number;
  /** When the lease ends unless it is renewed. */
  readonly endsMs: number;
  readonly lingers: boolean;
}

/** Who waits for a name. */
export type WaiterView = Pick<HolderView, 'owner' | 'mode' | 'count' | 'permits' | 'sinceMs'>;

/** One name that somebody holds or waits for. The lists are cut, the counts are not. */
export interface LockView {
  readonly name: string;
  readonly held: readonly HolderView[];
  readonly heldCount: number;
  readonly waiting: readonly WaiterView[];
  readonly waitingCount: number;
  /** This view has stolen it, and keeps it until somebody releases it here. */
  readonly isOurs: boolean;
}

/** `ended` is told where it is not known how. */
export type EventKind =
  'acquired' | 'adopted' | 'released' | 'expired' | 'lost' | 'ended' | 'waiting' | 'withdrawn';

/** Something that has happened to a name. */
export interface EventView {
  readonly kind: EventKind;
  readonly atMs: number;
  readonly name: string;
  readonly owner: string;
  readonly mode: HolderView['mode'];
  /** Of a lease. */
  readonly fencingToken?: number | undefined;
  /** Since when the lease that has ended was held, or by `formerOwner`. */
  readonly sinceMs?: number | undefined;
  /** Whose the lease was before it was adopted. */
  readonly formerOwner?: string | undefined;
  /** How long whoever has acquired it had waited. */
  readonly waitedMs?: number | undefined;
  /** Of `lost`. */
  readonly reason?: string | undefined;
}

/** A stretch of time in which nothing was seen. */
export interface GapView {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface StatusView {
  /** `live`: what is shown is told as it happens. `away`: it is what was known last. */
  readonly state: 'connecting' | 'live' | 'away';
  /** Why it is not live. */
  readonly reason?: string | undefined;
  /** Since when it was told what happens; `null` before. */
  readonly seenFromMs: number | null;
  /** Names that are not shown, because there are too many, if there are any. */
  readonly omitsNames: boolean;
}

/** What every message says. */
interface Stamped {
  /** The clock of ThingsDB, as far as it is known here. */
  readonly nowMs: number;
}

/** Everything that is known; more locks may follow in a {@link DeltaMessage}. Replaces what the page knew. */
export interface SnapshotMessage extends Stamped {
  readonly status: StatusView;
  readonly locks: readonly LockView[];
  readonly events: readonly EventView[];
  readonly gaps: readonly GapView[];
  /** Whether leases can be ended from the page. */
  readonly allowsChanges: boolean;
  /** Where the locks are, for people. */
  readonly place: string;
}

/** What is different from before. */
export interface DeltaMessage extends Stamped {
  readonly locks: readonly LockView[];
  /** Names that nobody holds or waits for any more. */
  readonly gone: readonly string[];
  readonly events: readonly EventView[];
  /** Events that were too many to be told one by one. */
  readonly untold: number;
  readonly gaps: readonly GapView[];
  readonly status?: StatusView | undefined;
}

/** Nothing is different, and the server is there. */
export type BeatMessage = Stamped;

/** By the name of the server-sent event. */
export interface Messages {
  readonly snapshot: SnapshotMessage;
  readonly delta: DeltaMessage;
  readonly beat: BeatMessage;
}

export type ChangeKind = 'release' | 'steal' | 'ask';

/** The body of a request for a change. */
export interface ChangeRequest {
  readonly kind: ChangeKind;
  readonly name: string;
  /** The fencing tokens of the holders that the person has seen. Only those are taken away. */
  readonly seen: readonly number[];
}

/** What has become of it: what to tell the person. */
export interface ChangeAnswer {
  readonly isDone: boolean;
  readonly message: string;
}

/** So many of those who hold or wait for one name are told; the counts tell of all. */
export const MOST_TOLD = 50;
/** The header that carries the page's token. */
export const PAGE_TOKEN_HEADER = 'x-thingsdb-lock-page';
/** The parameter of the address that carries the token of the link. */
export const LINK_TOKEN_PARAMETER = 'token';
/** How often the server says that it is there. */
export const BEAT_MS = 4_000;
