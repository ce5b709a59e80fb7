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
} as const;

/** The longest ttl, in milliseconds (24.8 days): the longest that a timer of Node can be set to. */
export const MAX_TTL_MS = 2_147_483_647;

/**
 * How long a process has to answer a grant that was pushed to it, in milliseconds. With the sweeper's second it
 * bounds what a dead process at the head of a queue costs the others (2 s).
 */
export const CLAIM_MS = 800;

/** An inbox that no request has used for this long is removed (microseconds); its manager opens it again. */
const IDLE_US = 60_000_000;

/** So long a withdrawn id is remembered (microseconds): a request must have arrived by then, if it still does. */
const REMEMBER_US = 60_000_000;

/** A sweeper that has not run so many seconds after its time is replaced. */
const OVERDUE_S = 3;

const VALUES: Readonly<Record<string, string | number>> = {
  STATE: 'thingsdb_lock',
  SCHEMA,
  COMPATIBLE,
  GONE: TicketState.gone,
  WAITING: TicketState.waiting,
  HELD: TicketState.held,
  BUSY: TicketState.busy,
  BAD_ARGUMENT: Refusal.badArgument,
  ID_IN_USE: Refusal.idInUse,
  NAME_CLASH: Refusal.nameClash,
  MAX_TTL_MS,
  CLAIM_MS,
  IDLE_US,
  REMEMBER_US,
  OVERDUE_S,
};

/** Puts the constants into a piece of .ti source. Throws for a name that is not here. */
export function withConstants(source: string): string {
  return source.replace(/\$([A-Z_]+)/g, (_, name: string) => {
    const value = VALUES[name];
    if (value === undefined) throw new Error(`unknown constant $${name} in the schema's source`);
    return String(value);
  });
}
