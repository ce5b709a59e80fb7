/** What the procedures and their callers both must know. In the .ti files `$NAME` stands for a value of here. */

/** The newest schema this version of the library knows, and installs. */
export const SCHEMA = 1;
/** The oldest schema version whose clients can use what {@link SCHEMA} installs. */
export const COMPATIBLE = 1;

/** What a request is on the server: `.state`. From {@link RequestState.granted} on it holds its names. */
export const RequestState = {
  /** Its process did not answer: it keeps its place for a while, but is passed over. */
  silent: 0,
  waiting: 1,
  /** By a push, which has not been acknowledged. */
  granted: 2,
  held: 3,
  /** Handed over by its process, not yet adopted. */
  inTransit: 4,
  /** Released by its process, but its names stay taken for a while. */
  kept: 5,
} as const;

/** How an answer to an operation begins. */
export const Told = { gone: 0, waiting: 1, held: 2, busy: 3, refused: 4, ended: 5 } as const;

/** What a request was until it was ended. */
export const Was = { gone: 0, waiting: 1, held: 2 } as const;

/** Codes that our procedures refuse with: ours are -127 to -100. */
export const Refusal = {
  badArgument: -100,
  idInUse: -101,
  nameClash: -102,
  fenced: -103,
  /** The call has kept the node for long enough: this operation is to be asked for again. */
  notDecided: -104,
  /** As many names of the collection are watched as may be: this one is not. */
  noPlace: -105,
} as const;

/** Why a lease was ended against its holder's will, as it is told to it. */
export const Why = { stolen: 1, forceReleased: 2 } as const;

/** The limit of a shared lock: more than there can be. A semaphore's is lower. */
export const SHARED_LIMIT = 2_147_483_647;

/** How many names one request may be for. */
export const MAX_NAMES = 64;

/** What `lock_watch` is asked for to watch every name: no lock has the empty name. */
export const ALL_NAMES = '';

/** How many names of a collection may be watched at a time. All names together are one, which always has a place. */
export const MAX_WATCHES = 4_096;

/** How many names one page of a query may hold, and how many entries. */
export const MAX_PAGE = 1_000;
export const MAX_ENTRIES = 10_000;

/** How many operations one call may hold, and for how many names its requests may be in all. */
export const MAX_OPERATIONS = 1_024;
export const MAX_PLACES = 4_096;

/** Bytes of a request's id, and how many of them its grant gives back, as proof of who pushed it. */
export const ID_BYTES = 32;
const PROOF_BYTES = 16;

/** What the grant of the request with this id is pushed with. */
export function proofOf(id: string): string {
  return id.slice(0, PROOF_BYTES);
}

/** How a request is to be treated when what it wants is not free. */
const How = { try: 0, wait: 1, steal: 2 } as const;

/** The longest ttl, in milliseconds (24.8 days): the longest that a timer of Node can be set to. */
export const MAX_TTL_MS = 2_147_483_647;

/**
 * How long a process has to acknowledge a pushed grant, or to answer a probe, in milliseconds. With the sweeper's
 * second it bounds what a dead head of a queue costs the others (2 s).
 */
export const ACKNOWLEDGE_MS = 800;

/** How long the requests of a process that did not answer keep their places, should it come back (microseconds). */
const SILENT_US = 10_000_000;

/**
 * How often a process is probed while its waiting request blocks others that would fit (microseconds). With the time
 * for its answer it bounds what it costs them when it does not answer (2 s).
 */
const PROBE_US = 900_000;

/** An inbox that no request has used for this long is removed (microseconds); its manager opens it again. */
const IDLE_US = 60_000_000;

/** How long a tombstone stands (microseconds): a request must have arrived by then, if it still does. */
const TOMBSTONE_US = 60_000_000;

/** How long a watched name is told of, unless its watcher asks again (microseconds). */
const WATCH_US = 120_000_000;

/**
 * Requests for several names can wait for each other in a chain. At most so many links are followed; beyond, the waiter
 * asks again after {@link ASK_AGAIN_US}.
 */
const MAX_STEPS = 100;
const ASK_AGAIN_US = 1_000_000;

/** A sweeper that has not run so many seconds after its time is replaced. */
const OVERDUE_S = 3;

/**
 * How long the slow operations of one call may keep the node together (seconds). The rest has to be asked for again.
 */
const MAX_CALL_S = 0.03;

/** Up to so many requests are taken out of their queues one by one; more all at once. */
const FEW = 8;

/** How many of a kind one sweep removes, and how many places in queues one call of lock_close gives up. */
const MAX_SWEPT = 5_000;
const MAX_CLOSED = 2_000;

/** The longest time-out that a Python request may have: ten years. */
const MAX_TIMEOUT_S = 315_360_000;

/** Later than any lease ends: the year 3000. */
const NEVER_US = 32_503_680_000_000_000;

const VALUES: Readonly<Record<string, string | number>> = {
  SCHEMA,
  COMPATIBLE,
  SILENT: RequestState.silent,
  WAITING: RequestState.waiting,
  GRANTED: RequestState.granted,
  HELD: RequestState.held,
  IN_TRANSIT: RequestState.inTransit,
  KEPT: RequestState.kept,
  TOLD_GONE: Told.gone,
  TOLD_WAITING: Told.waiting,
  TOLD_HELD: Told.held,
  TOLD_BUSY: Told.busy,
  TOLD_REFUSED: Told.refused,
  TOLD_ENDED: Told.ended,
  WAS_GONE: Was.gone,
  WAS_WAITING: Was.waiting,
  WAS_HELD: Was.held,
  BAD_ARGUMENT: Refusal.badArgument,
  ID_IN_USE: Refusal.idInUse,
  NAME_CLASH: Refusal.nameClash,
  FENCED: Refusal.fenced,
  NOT_DECIDED: Refusal.notDecided,
  NO_PLACE: Refusal.noPlace,
  STOLEN: Why.stolen,
  FORCE_RELEASED: Why.forceReleased,
  TRY: How.try,
  WAIT: How.wait,
  STEAL: How.steal,
  MAX_COUNT: SHARED_LIMIT,
  MAX_NAMES,
  MAX_WATCHES,
  MAX_PAGE,
  MAX_ENTRIES,
  MAX_OPERATIONS,
  MAX_PLACES,
  MAX_STEPS,
  MAX_CALL_S,
  MAX_SWEPT,
  FEW,
  MAX_CLOSED,
  MAX_TIMEOUT_S,
  ID_BYTES,
  PROOF_BYTES,
  ACKNOWLEDGE_US: ACKNOWLEDGE_MS * 1000,
  SILENT_US,
  PROBE_US,
  ASK_AGAIN_US,
  IDLE_US,
  TOMBSTONE_US,
  WATCH_US,
  OVERDUE_S,
  NEVER_US,
};

/**
 * Puts the constants into a piece of .ti source. Throws for a name that is not here.
 * @param prefix of the procedures and of the state, where a collection holds more than these
 */
export function withConstants(source: string, prefix = ''): string {
  const values = {
    ...VALUES,
    PREFIX: prefix,
    STATE: `${prefix}thingsdb_lock`,
    REQUEST: `${prefix}ThingsDBLockRequest`,
    QUEUE: `${prefix}ThingsDBLockQueue`,
  } as typeof VALUES;
  return source.replace(/\$([A-Z_]+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`unknown constant $${name} in the schema's source`);
    return String(value);
  });
}
