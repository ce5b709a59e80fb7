/** What the procedures and their callers both must know. In the .ti files `$NAME` stands for a value of here. */

/** The newest schema this version of the library knows, and installs. */
export const SCHEMA = 1;
/** The oldest schema version whose clients can use what {@link SCHEMA} installs. */
export const COMPATIBLE = 1;

/** What a request is told of itself. */
export const TicketState = { gone: 0, waiting: 1, held: 2, busy: 3 } as const;

/** Codes that our procedures refuse with: ours are -127 to -100. */
export const Refusal = {
  badArgument: -100,
  idInUse: -101,
  nameClash: -102,
  fenced: -103,
} as const;

/** Why a lease was ended against its holder's will, as it is told to it. */
export const Why = { stolen: 1, forceReleased: 2 } as const;

/** The limit of a shared lock: more than there can be. A semaphore's is lower. */
export const SHARED_LIMIT = 2_147_483_647;

/** How many names one request may be for. */
export const MAX_NAMES = 64;

/** How a request is to be treated when what it wants is not free. */
const How = { try: 0, wait: 1, steal: 2 } as const;

/** The longest ttl, in milliseconds (24.8 days): the longest that a timer of Node can be set to. */
export const MAX_TTL_MS = 2_147_483_647;

/**
 * How long a process has to answer a grant that was pushed to it, in milliseconds. With the sweeper's second it
 * bounds what a dead process at the head of a queue costs the others (2 s).
 */
export const CLAIM_MS = 800;

/**
 * So often is asked whether a process lives whose waiting request alone keeps others waiting (microseconds). With the
 * time for its answer it bounds what it costs them when it does not (2 s).
 */
const PROBE_US = 900_000;

/** An inbox that no request has used for this long is removed (microseconds); its manager opens it again. */
const IDLE_US = 60_000_000;

/** So long a withdrawn id is remembered (microseconds): a request must have arrived by then, if it still does. */
const REMEMBER_US = 60_000_000;

/** So long a watched name is told of, unless its watcher asks again (microseconds). */
const WATCH_US = 120_000_000;

/** How far is looked for the lease that several names' requests wait for, one behind the other, and when to ask again if further. */
const MAX_STEPS = 100;
const ASK_AGAIN_US = 1_000_000;

/** A sweeper that has not run so many seconds after its time is replaced. */
const OVERDUE_S = 3;

const VALUES: Readonly<Record<string, string | number>> = {
  SCHEMA,
  COMPATIBLE,
  GONE: TicketState.gone,
  WAITING: TicketState.waiting,
  HELD: TicketState.held,
  BUSY: TicketState.busy,
  BAD_ARGUMENT: Refusal.badArgument,
  ID_IN_USE: Refusal.idInUse,
  NAME_CLASH: Refusal.nameClash,
  FENCED: Refusal.fenced,
  STOLEN: Why.stolen,
  FORCE_RELEASED: Why.forceReleased,
  SHARED: SHARED_LIMIT,
  MAX_NAMES,
  TRY: How.try,
  WAIT: How.wait,
  STEAL: How.steal,
  WATCH_US,
  MAX_STEPS,
  ASK_AGAIN_US,
  MAX_TTL_MS,
  CLAIM_MS,
  CLAIM_US: CLAIM_MS * 1000,
  PROBE_US,
  IDLE_US,
  REMEMBER_US,
  OVERDUE_S,
};

/**
 * Puts the constants into a piece of .ti source. Throws for a name that is not here.
 * @param prefix of the procedures and of the state, where a collection holds more than these
 */
export function withConstants(source: string, prefix = ''): string {
  const values = { ...VALUES, PREFIX: prefix, STATE: `${prefix}thingsdb_lock` } as typeof VALUES;
  return source.replace(/\$([A-Z_]+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`unknown constant $${name} in the schema's source`);
    return String(value);
  });
}
