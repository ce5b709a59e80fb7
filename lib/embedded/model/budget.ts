import { getHeapStatistics } from 'node:v8';
import type { ClosureNode } from '../language/ast.js';
import { errorCode, maxQuotaError, UncaughtError } from './errors.js';
import type { Limits } from './limits.js';

/** Bytes that values take, roughly, on top of what they hold. `named` is a user, a token, a collection or a type. */
export const cost = {
  slot: 32,
  item: 48,
  list: 128,
  set: 128,
  thing: 512,
  closure: 128,
  value: 64,
  named: 1024,
  /** Of a program, for each of its letters: its tree, and what it is compiled to. */
  letter: 160,
  /** Of a compiled regular expression. */
  instruction: 64,
} as const;

/** The clock is looked at after so many steps: a call that does much counts as many. */
const STEPS_PER_LOOK = 64;

/** The memory of the process is looked at this often while queries run, whichever they are. */
const HEAP_LOOK_MS = 2;

/** Of what the process may use at most: beyond, no query makes more. V8 ends a process that uses it all. */
const HEAP_SHARE = 0.9;

/** Of that limit, what is for new values alone: four times as much since V8 13, which is Node 24's. */
const YOUNG_BYTES = (Number.parseInt(process.versions.v8, 10) < 13 ? 64 : 208) * 1024 * 1024;

// Taken now, while it is real: a test may put fake timers in place later.
const { performance } = globalThis;

/** Looking at this many bytes of text counts as one step. */
const BYTES_PER_STEP = 1024;

let nextHeapLookMs = 0;

/** What one query may still use. Its futures use up the same. */
export class Budget {
  futureDepth = 0;
  /** How many futures wait with a closure, by where it is written. */
  readonly waitingFutures = new Map<ClosureNode, number>();
  #steps = 0;
  #bytes = 0;
  #sharedBytes = 0;
  #nextLook = 0;
  readonly #startMs = performance.now();
  #memory: number;
  /** It may have stored what it made. */
  isStoring = false;
  /** Set when the store is full: the limit that the query runs into then. */
  #storage: number | null = null;

  constructor(readonly limits: Limits) {
    this.#memory = limits.memory;
    this.#nextLook = Math.min(STEPS_PER_LOOK, limits.steps + 1);
  }

  /** Bytes that it may have stored. Texts that share their parts become copies when somebody looks at them. */
  get storedBytes(): number {
    return this.isStoring ? this.#bytes + this.#sharedBytes : 0;
  }

  /** So much is shared: a text that was joined without copying it, or the program that a stored closure keeps. */
  share(bytes: number): void {
    this.#sharedBytes += bytes;
    // Then it counts in full, because nothing would be noticed later.
    if (this.#storage !== null) this.take(bytes);
  }

  /** The query may store what it makes: no more than there is room for. */
  mayStore({ room, limit }: { readonly room: number; readonly limit: number }): void {
    this.isStoring = true;
    if (this.#bytes + room >= this.#memory) return;
    this.#memory = this.#bytes + room;
    this.#storage = limit;
  }

  step(count = 1): void {
    this.#steps += count;
    if (this.#steps >= this.#nextLook) this.#look();
  }

  /** Throws -57 when the steps, the time or the memory of the process are used up. */
  #look(): void {
    const { steps, duration } = this.limits;
    if (this.#steps > steps) throw spent(`maximum number of steps (${steps}) in one query is reached`);
    this.#nextLook = Math.min(this.#steps + STEPS_PER_LOOK, steps + 1);
    const nowMs = performance.now();
    if (nowMs - this.#startMs > duration) {
      throw spent(`maximum duration (${duration} milliseconds) of one query is reached`);
    }
    if (nowMs < nextHeapLookMs) return;
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    if (used > limit * HEAP_SHARE - YOUNG_BYTES) {
      throw spent(`the memory of the process is used up (${used} of ${limit} bytes)`);
    }
    nextHeapLookMs = nowMs + HEAP_LOOK_MS;
  }

  take(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= this.#memory) return;
    throw spent(
      this.#storage === null
        ? `maximum memory (${this.limits.memory} bytes) for the values of one query is reached`
        : `maximum size (${this.#storage} bytes) of all that is stored is reached`,
    );
  }
}

/** `try` lets it pass: else a query could go on when all is spent. */
function spent(message: string): UncaughtError {
  return new UncaughtError(errorCode.maxQuota, message);
}

/**
 * The budget of the query that runs now. There is one at most, because a query runs to its end without waiting. Values
 * made by nobody's query (a snapshot, a fresh collection) are free.
 */
let running: Budget | null = null;

/** Runs `action` at the expense of `budget`. */
export function withBudget<T>(budget: Budget, action: () => T): T {
  const outer = running;
  running = budget;
  try {
    return action();
  } finally {
    running = outer;
  }
}

/** The limits that hold now, if a query runs. */
export function currentLimits(): Limits | undefined {
  return running?.limits;
}

/** Counts work. Throws -57 when the query has done its share. */
export function spendSteps(count: number): void {
  running?.step(count);
}

/** Counts memory of a value that is made. Throws -57 when the query has had its share. */
export function spendMemory(bytes: number): void {
  running?.take(bytes);
}

/** Counts the work of looking through this much text. */
export function spendScan(length: number): void {
  if (length >= BYTES_PER_STEP) running?.step(Math.floor(length / BYTES_PER_STEP));
}

/** Counts a text that is about to be made. Throws -57, also when it alone is too long. */
export function spendText(length: number, bytes = length): void {
  if (!running) return;
  const { stringLength } = running.limits;
  if (length > stringLength) throw maxQuotaError(`maximum string length (${stringLength} bytes) is reached`);
  running.take(bytes + cost.value);
  spendScan(bytes);
}

/** Counts a text that is joined of two. The engine copies neither, so only what is added takes memory, for now. */
export function spendJoin(one: number, other: number): void {
  spendText(one + other, Math.min(one, other));
  running?.share(Math.max(one, other));
}

/** The text, counted. */
export function madeText(text: string): string {
  spendText(text.length);
  return text;
}

/** Puts a text together, counted piece by piece: it never grows beyond the limit before that is noticed. */
export class TextBuilder {
  #text = '';

  add(piece: string): void {
    spendText(this.#text.length + piece.length, piece.length);
    this.#text += piece;
  }

  /** The text, with its last piece. */
  end(piece: string): string {
    this.add(piece);
    return this.#text;
  }
}
