/** What a program may use. Each limit keeps a query from hanging or crashing the process it runs in. */
export interface Limits {
  /** Bytes of source: parsing takes time and memory in proportion. */
  readonly sourceLength: number;
  /** Calls and rounds of loops in one query: without it `range(...)` in `range(...)` could block for hours. */
  readonly steps: number;
  /** Closures called inside each other, whichever they are (a closure inside itself: 24): the JavaScript stack is finite. */
  readonly callDepth: number;
  /** Bytes of one result: ThingsDB's own default is 20 MiB. */
  readonly resultSize: number;
  /** Bytes of one string made by a query: `a += a` doubles it every time. */
  readonly stringLength: number;
}

export const defaultLimits: Limits = {
  sourceLength: 2 * 1024 * 1024,
  steps: 20_000_000,
  callDepth: 250,
  resultSize: 20 * 1024 * 1024,
  stringLength: 128 * 1024 * 1024,
};

/** A closure may be called this deep inside itself. */
export const maxRecursion = 24;

/** Tasks a collection may hold. */
export const maxTasks = 500;
