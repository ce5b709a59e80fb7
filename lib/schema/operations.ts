/** What a manager can ask of its requests in one call, and what it is answered. Times are the server's, in microseconds. */

/** What a request asks for, as the server takes it in. */
export interface RequestTerms {
  /** All of them are granted together, or none. */
  readonly names: readonly string[];
  /** Unguessable; the right to release. A repeat with the same id finds what the first one made. */
  readonly id: string;
  /** Names the request within its inbox, in what is pushed. Not a secret. */
  readonly number: number;
  readonly ttlMs: number;
  /** How many of the `limit` units of each name. 1 of 1 is exclusive, 1 of very many is shared. */
  readonly units: number;
  readonly limit: number;
  /** Its process may keep the names between uses, and wants to be told when somebody waits for one of them. */
  readonly lingers?: boolean;
}

/** Another request of the manager that releases, which waits for the same name. */
export interface OwnWaiter {
  readonly id: string;
  readonly number: number;
}

/** A lease, as the server tells of it. */
export interface Granted {
  readonly due: number;
  readonly token: number;
}

/** One thing to do to one request. `name` is the first of the request's names. */
export type Operation =
  /** Takes a place in the queue, or the lock where it is free; `try` takes no place. */
  | { readonly kind: 'acquire' | 'try'; readonly terms: RequestTerms }
  /** What has become of it. Sure: by a change, which no lagging node answers, and which is a sign of life. */
  | { readonly kind: 'check'; readonly name: string; readonly id: string; readonly isSure: boolean }
  /** `withdraw` is `release` for a request that may still be on its way. It is not taken in for a minute. */
  | { readonly kind: 'acknowledge' | 'withdraw'; readonly name: string; readonly id: string }
  /** `next`: who is told by the answer, not by a push, if the lease goes to it. */
  | {
      readonly kind: 'release';
      readonly name: string;
      readonly id: string;
      readonly next?: OwnWaiter | undefined;
    }
  /**
   * Both renew for `ttlMs` from now; `transfer` leaves the lease to whoever adopts it. `turn` grows: what comes after one
   * with a greater turn, or the same, has no effect.
   */
  | {
      readonly kind: 'extend' | 'transfer';
      readonly name: string;
      readonly id: string;
      readonly ttlMs: number;
      readonly turn: number;
    }
  /** Releases, but the names stay taken for so long from now. */
  | { readonly kind: 'keep'; readonly name: string; readonly id: string; readonly ms: number }
  /** Moves a held lease to the asking manager, under an id that only that one knows. */
  | {
      readonly kind: 'adopt';
      readonly name: string;
      readonly id: string;
      readonly newId: string;
      readonly number: number;
    };

/** Whether it may change something. The others are reads: quick also where changes are slow, and free of a change. */
export function makesChange(operation: Operation): boolean {
  return operation.kind !== 'try' && (operation.kind !== 'check' || operation.isSure);
}

/** How a lease is ended against its holder's will. */
export type TakenAway = 'stolen' | 'force-released';

/** What the server says of one request. */
export type Answer =
  | ({ readonly state: 'held' } & Granted)
  /** `askAt`: when to ask again, unless told before. `ahead`: requests in front, holders included. */
  | { readonly state: 'waiting'; readonly askAt: number; readonly ahead: number }
  /** `due`: when the first lease in the way ends if it is not renewed. */
  | { readonly state: 'busy'; readonly due: number }
  /** `undefined`: unknown, expired or released. */
  | { readonly state: 'gone'; readonly why: TakenAway | undefined }
  | { readonly state: 'refused'; readonly code: number }
  /** It was held until now, by the grant with this token; and the lease that `next` has by its end. */
  | {
      readonly state: 'ended';
      readonly was: 'held';
      readonly token: number;
      readonly next?: Granted | undefined;
    }
  /** It waited until now; and who was in its way. */
  | { readonly state: 'ended'; readonly was: 'waiting'; readonly inWay?: InWay | undefined }
  | { readonly state: 'ended'; readonly was: 'gone' };

/** Who was in the way of a request when it was given up. */
export interface InWay {
  /** Requests in front, holders included. */
  readonly ahead: number;
  /** Who holds: the label of its owner, and since when (microseconds). `undefined` while the head waits elsewhere. */
  readonly holder: { readonly owner: string; readonly since: number } | undefined;
}

/** The answers to the operations of one call, in their order. */
export interface BatchAnswer {
  /** The server's time of the answers. */
  readonly at: number;
  /** The room in which the manager is told of its requests; 0 when there is none yet. */
  readonly room: number | bigint;
  /** When the call was sent, in the copy that was answered, and when the answer came; on the monotonic clock. */
  readonly sentMs: number;
  readonly receivedMs: number;
  /** Whether this call was sent more than once: then an answer may be that to a repeat. */
  readonly wasRepeated: boolean;
  readonly answers: readonly Answer[];
}
