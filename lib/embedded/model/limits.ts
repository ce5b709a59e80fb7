/** What a program may use. Each limit keeps a query from hanging or crashing the process it runs in. */
export interface Limits {
  /** Bytes of source: parsing takes time and memory in proportion. */
  readonly sourceLength: number;
  /** Calls, rounds of loops and items looked at in one query: without it loops inside loops could run for hours. */
  readonly steps: number;
  /** Milliseconds of one query, whatever it does: nobody else is served meanwhile. */
  readonly duration: number;
  /** Bytes that the values made by one query take, kept or not: `list.extend(list)` doubles what there is each time. */
  readonly memory: number;
  /** Bytes of one string: strings are joined without copying, so that one may become larger than the memory is. */
  readonly stringLength: number;
  /** Closures called inside each other, whichever they are (a closure inside itself: 24): the JavaScript stack is finite. */
  readonly callDepth: number;
  /** Futures made by futures made by futures: else they could go on for ever. */
  readonly futureDepth: number;
  /** Tuples inside each other: walking over them is recursive. */
  readonly nesting: number;
  /** Items of a tuple with those of all tuples in it, counted as often as they are there. `x = [x, x]` doubles them. */
  readonly nestedItems: number;
  /** Steps of one match of a regular expression: some patterns take exponential time. PCRE2 has the same limit. */
  readonly matchSteps: number;
  /** Bytes of all that is stored, roughly: else many small queries could use up the memory. */
  readonly storage: number;
  /** Collections of the node, users, procedures of one scope, entries of one whitelist: each so many at most. */
  readonly collections: number;
  readonly users: number;
  readonly procedures: number;
  readonly whitelistEntries: number;
  /** Rooms that one connection may be in. */
  readonly joinedRooms: number;
  /** Rooms that all connections together may be in, each counted as often as one is in it. */
  readonly joinedRoomsOfAll: number;
  /** Bytes of one result: ThingsDB's own default. */
  readonly resultSize: number;
}

export const defaultLimits: Limits = {
  sourceLength: 1024 * 1024,
  steps: 20_000_000,
  duration: 5000,
  memory: 256 * 1024 * 1024,
  stringLength: 32 * 1024 * 1024,
  callDepth: 250,
  futureDepth: 300,
  nesting: 200,
  nestedItems: 1_000_000,
  matchSteps: 10_000_000,
  storage: 1024 * 1024 * 1024,
  collections: 1000,
  users: 10_000,
  procedures: 10_000,
  whitelistEntries: 1000,
  joinedRooms: 100_000,
  joinedRoomsOfAll: 1_000_000,
  resultSize: 20 * 1024 * 1024,
};

/** A closure may be called this deep inside itself. */
export const MAX_RECURSION = 24;

/** Results can be asked for this deep. */
export const MAX_DEEP = 127;

/** Members of an enumeration. */
export const MAX_ENUM_MEMBERS = 65_535;

/** Tasks a collection may hold. */
export const MAX_TASKS = 500;
