import type { CompiledPattern, Instruction, Program } from './pattern-compiler.js';
import { type AssertionKind, isWordByte } from './pattern-node.js';

/** The match took more steps than were allowed. */
export class MatchLimitError extends Error {}

const NEWLINE = 10;

/** What remains to be tried, or to be put back: kinds of entries on the stack, each of four numbers. */
const RESUME = 0;
const FEWER = 1;
const MORE = 2;
const RESTORE = 3;

/** Bytes that a stack of things to try may take are bounded too: four numbers an entry. */
const MAX_STACK = 4_000_000;

/**
 * Finds a pattern in a byte string by trying, as PCRE does. A stack of its own takes the place of recursion. It counts
 * what it does, because JavaScript's own regular expressions have no limit, and some patterns take them years.
 */
export class Matcher {
  readonly #pattern: CompiledPattern;
  readonly #text: string;
  readonly #maxSteps: number;
  #steps = 0;
  #slots: number[];
  #searchStart = 0;

  constructor(pattern: CompiledPattern, text: string, maxSteps: number) {
    this.#pattern = pattern;
    this.#text = text;
    this.#maxSteps = maxSteps;
    this.#slots = new Array<number>(pattern.slotCount).fill(-1);
  }

  get steps(): number {
    return this.#steps;
  }

  /**
   * The first match from `from` on, as start and end of the match and of each group. A group that took no part has -1.
   * @throws MatchLimitError
   */
  find(from: number): readonly number[] | null {
    const text = this.#text;
    const pattern = this.#pattern;
    const { firstBytes } = pattern;
    this.#searchStart = from;
    for (let start = from; start <= text.length; start += 1) {
      this.#step();
      if (firstBytes && !firstBytes[text.charCodeAt(start) & 0xff]) continue;
      if (firstBytes && start === text.length) return null;
      this.#clearSlots();
      this.#slots[0] = start;
      const end = this.#run(pattern.program, start);
      if (end < 0) continue;
      this.#slots[1] = end;
      return this.#slots.slice(0, (pattern.groupCount + 1) * 2);
    }
    return null;
  }

  #clearSlots(): void {
    this.#slots.fill(-1);
    this.#steps += this.#slots.length >> 4;
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps > this.#maxSteps) throw new MatchLimitError();
  }

  /** Where the program ends when it matches from `start` on; -1 when it does not. */
  #run(program: Program, start: number): number {
    const text = this.#text;
    const stack: number[] = [];
    let pc = 0;
    let at = start;
    for (;;) {
      this.#step();
      const instruction = program[pc] as Instruction;
      let isGood = true;
      pc += 1;
      switch (instruction.op) {
        case 'match':
          return at;
        case 'set':
          isGood = at < text.length && instruction.set[text.charCodeAt(at)] === 1;
          at += 1;
          break;
        case 'run': {
          const end = this.#runOf(instruction, at);
          const least = at + instruction.min;
          if (end < least) isGood = false;
          else if (instruction.isLazy) {
            if (end > least) stack.push(MORE, pc, least + 1, end);
            at = least;
          } else {
            if (end > least) stack.push(FEWER, pc, end - 1, least);
            at = end;
          }
          break;
        }
        case 'split':
          stack.push(RESUME, instruction.second, at, 0);
          pc = instruction.first;
          break;
        case 'jump':
          pc = instruction.to;
          break;
        case 'save':
          stack.push(RESTORE, instruction.slot, this.#slots[instruction.slot] as number, 0);
          this.#slots[instruction.slot] = at;
          break;
        case 'progress':
          if (this.#slots[instruction.slot] === at) pc = instruction.otherwise;
          break;
        case 'assertion':
          isGood = this.#holds(instruction.kind, at);
          break;
        case 'backreference': {
          const length = this.#sameAgain(instruction.group, instruction.ignoresCase, at);
          isGood = length >= 0;
          at += length;
          break;
        }
        case 'look':
          isGood = this.#looks(instruction, at, stack);
          break;
        case 'atomic': {
          const end = this.#inside(instruction.body, at, stack);
          isGood = end >= 0;
          at = end;
          break;
        }
      }
      if (stack.length > MAX_STACK) throw new MatchLimitError();
      if (isGood) continue;
      // Back to what has not been tried yet.
      for (;;) {
        const top = stack.length - 4;
        if (top < 0) return -1;
        const kind = stack[top] as number;
        if (kind === RESTORE) {
          this.#slots[stack[top + 1] as number] = stack[top + 2] as number;
          stack.length = top;
          continue;
        }
        pc = stack[top + 1] as number;
        at = stack[top + 2] as number;
        if (kind === RESUME || at === stack[top + 3]) stack.length = top;
        else stack[top + 2] = kind === FEWER ? at - 1 : at + 1;
        break;
      }
    }
  }

  /** The end of the run of bytes of a set. */
  #runOf({ set, max }: Extract<Instruction, { op: 'run' }>, start: number): number {
    const text = this.#text;
    const last = Math.min(text.length, start + max);
    let end = start;
    while (end < last && set[text.charCodeAt(end)] === 1) end += 1;
    // Sixteen bytes are looked at in the time of one other step.
    this.#steps += (end - start) >> 4;
    return end;
  }

  /** Runs a program of its own; what it has captured stays, until the place before it is tried otherwise. */
  #inside(body: Program, at: number, stack: number[]): number {
    const before = this.#slots.slice();
    this.#steps += before.length >> 3;
    const end = this.#run(body, at);
    if (end < 0) {
      this.#slots = before;
      return end;
    }
    before.forEach((value, slot) => {
      if (value !== this.#slots[slot]) stack.push(RESTORE, slot, value, 0);
    });
    return end;
  }

  #looks(instruction: Extract<Instruction, { op: 'look' }>, at: number, stack: number[]): boolean {
    const { body, behind, isNegative } = instruction;
    const start = behind === null ? at : at - behind;
    if (start < 0) return isNegative;
    if (!isNegative) return this.#inside(body, start, stack) >= 0;
    const before = this.#slots.slice();
    const isFound = this.#run(body, start) >= 0;
    this.#slots = before;
    return !isFound;
  }

  /** The length of what a group has captured, when it is there again; -1 when not. */
  #sameAgain(group: number, ignoresCase: boolean, at: number): number {
    const start = this.#slots[group * 2] as number;
    const end = this.#slots[group * 2 + 1] as number;
    if (start < 0 || end < 0) return -1;
    this.#steps += (end - start) >> 4;
    const wanted = this.#text.slice(start, end);
    const found = this.#text.slice(at, at + wanted.length);
    if (wanted === found) return wanted.length;
    return ignoresCase && lower(wanted) === lower(found) ? wanted.length : -1;
  }

  #holds(kind: AssertionKind, at: number): boolean {
    const text = this.#text;
    const { length } = text;
    switch (kind) {
      case 'start':
        return at === 0;
      case 'end':
        return at === length;
      case 'end-or-newline':
        return at === length || (at === length - 1 && text.charCodeAt(at) === NEWLINE);
      case 'line-start':
        return at === 0 || (at < length && text.charCodeAt(at - 1) === NEWLINE);
      case 'line-end':
        return at === length || text.charCodeAt(at) === NEWLINE;
      case 'search-start':
        return at === this.#searchStart;
      case 'word-boundary':
      case 'no-word-boundary': {
        const before = at > 0 && isWordByte(text.charCodeAt(at - 1));
        const after = at < length && isWordByte(text.charCodeAt(at));
        return (before !== after) === (kind === 'word-boundary');
      }
    }
  }
}

const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
