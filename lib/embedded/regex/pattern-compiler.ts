import { PatternError } from './pattern-error.js';
import type { AssertionKind, ByteSet, PatternNode } from './pattern-node.js';
import type { Pattern } from './pattern-parser.js';

/** What the matcher carries out, one after the other. */
export type Instruction =
  | { readonly op: 'set'; readonly set: ByteSet }
  /** As many bytes of a set as there are, or as few. */
  | {
      readonly op: 'run';
      readonly set: ByteSet;
      readonly min: number;
      readonly max: number;
      readonly isLazy: boolean;
    }
  /** Goes on at `first`, and if that fails at `second`. */
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  /** Leaves a loop whose round has matched nothing. */
  | { readonly op: 'progress'; readonly slot: number; otherwise: number }
  | { readonly op: 'assertion'; readonly kind: AssertionKind }
  | { readonly op: 'backreference'; readonly group: number; readonly ignoresCase: boolean }
  | {
      readonly op: 'look';
      readonly body: Program;
      readonly behind: number | null;
      readonly isNegative: boolean;
    }
  | { readonly op: 'atomic'; readonly body: Program }
  | { readonly op: 'match' };

export type Program = readonly Instruction[];

export interface CompiledPattern {
  readonly program: Program;
  /** Instructions, with those of the programs inside of it. */
  readonly size: number;
  /** Two for the whole match and each group, and one for each loop. */
  readonly slotCount: number;
  readonly groupCount: number;
  /** The bytes that a match can begin with; `null` for any, or when it may be empty. */
  readonly firstBytes: ByteSet | null;
}

/** `{1000}` writes its body a thousand times: this many instructions at most. */
const MAX_INSTRUCTIONS = 50_000;

export function compilePattern(pattern: Pattern): CompiledPattern {
  return new PatternCompiler(pattern).compile();
}

class PatternCompiler {
  readonly #pattern: Pattern;
  #slots: number;
  #size = 0;

  constructor(pattern: Pattern) {
    this.#pattern = pattern;
    this.#slots = (pattern.groupCount + 1) * 2;
  }

  compile(): CompiledPattern {
    const { root, groupCount } = this.#pattern;
    const program = this.#program(root);
    return { program, size: this.#size, slotCount: this.#slots, groupCount, firstBytes: firstBytesOf(root) };
  }

  #program(node: PatternNode): Program {
    const program: Instruction[] = [];
    this.#emit(program, node);
    program.push({ op: 'match' });
    return program;
  }

  #push(program: Instruction[], instruction: Instruction): void {
    this.#size += 1;
    if (this.#size > MAX_INSTRUCTIONS) throw new PatternError('regular expression is too large');
    program.push(instruction);
  }

  #emit(program: Instruction[], node: PatternNode): void {
    switch (node.type) {
      case 'set':
        return this.#push(program, { op: 'set', set: node.set });
      case 'sequence':
        for (const item of node.items) this.#emit(program, item);
        return;
      case 'choice':
        return this.#choice(program, node.options);
      case 'group':
        this.#push(program, { op: 'save', slot: node.index * 2 });
        this.#emit(program, node.body);
        return this.#push(program, { op: 'save', slot: node.index * 2 + 1 });
      case 'repeat':
        return this.#repeat(program, node);
      case 'assertion':
        return this.#push(program, { op: 'assertion', kind: node.kind });
      case 'backreference': {
        const { group, ignoresCase } = node;
        const index = typeof group === 'number' ? group : (this.#pattern.names.get(group) as number);
        return this.#push(program, { op: 'backreference', group: index, ignoresCase });
      }
      case 'look':
        return this.#look(program, node.body, node.isBehind, node.isNegative);
      case 'atomic':
        return this.#push(program, { op: 'atomic', body: this.#program(node.body) });
      case 'keep':
        return this.#push(program, { op: 'save', slot: 0 });
    }
  }

  #choice(program: Instruction[], options: readonly PatternNode[]): void {
    const ends: { op: 'jump'; to: number }[] = [];
    options.forEach((option, at) => {
      if (at === options.length - 1) {
        this.#emit(program, option);
        return;
      }
      const split = { op: 'split' as const, first: program.length + 1, second: 0 };
      this.#push(program, split);
      this.#emit(program, option);
      const end = { op: 'jump' as const, to: 0 };
      this.#push(program, end);
      ends.push(end);
      split.second = program.length;
    });
    for (const end of ends) end.to = program.length;
  }

  #repeat(program: Instruction[], node: Extract<PatternNode, { type: 'repeat' }>): void {
    const { body, min, max, isLazy } = node;
    if (body.type === 'set') return this.#push(program, { op: 'run', set: body.set, min, max, isLazy });
    for (let count = 0; count < min; count += 1) this.#emit(program, body);
    if (max === Infinity) return this.#loop(program, body, isLazy);
    const splits: { op: 'split'; first: number; second: number }[] = [];
    for (let count = min; count < max; count += 1) {
      const split = { op: 'split' as const, first: program.length + 1, second: program.length + 1 };
      this.#push(program, split);
      splits.push(split);
      this.#emit(program, body);
    }
    for (const split of splits) {
      if (isLazy) split.first = program.length;
      else split.second = program.length;
    }
  }

  #loop(program: Instruction[], body: PatternNode, isLazy: boolean): void {
    const start = program.length;
    const slot = this.#slots;
    this.#slots += 1;
    const split = { op: 'split' as const, first: start + 1, second: start + 1 };
    this.#push(program, split);
    this.#push(program, { op: 'save', slot });
    this.#emit(program, body);
    const progress = { op: 'progress' as const, slot, otherwise: 0 };
    this.#push(program, progress);
    this.#push(program, { op: 'jump', to: start });
    progress.otherwise = program.length;
    if (isLazy) split.first = program.length;
    else split.second = program.length;
  }

  /** Behind, each alternative has a length of its own. */
  #look(program: Instruction[], body: PatternNode, isBehind: boolean, isNegative: boolean): void {
    if (!isBehind) {
      return this.#push(program, { op: 'look', body: this.#program(body), behind: null, isNegative });
    }
    const options = body.type === 'choice' ? body.options : [body];
    const looks = options.map((option): Instruction => {
      const behind = fixedLength(option);
      if (behind === null) throw new PatternError('lookbehind assertion is not fixed length');
      return { op: 'look', body: this.#program(option), behind, isNegative };
    });
    if (isNegative || looks.length === 1) {
      for (const look of looks) this.#push(program, look);
      return;
    }
    // One of them has to hold: as a choice.
    const ends: { op: 'jump'; to: number }[] = [];
    looks.forEach((look, at) => {
      const isLast = at === looks.length - 1;
      if (!isLast)
        this.#push(program, { op: 'split', first: program.length + 1, second: program.length + 3 });
      this.#push(program, look);
      if (isLast) return;
      const end = { op: 'jump' as const, to: 0 };
      this.#push(program, end);
      ends.push(end);
    });
    for (const end of ends) end.to = program.length;
  }
}

/** How many bytes the node matches, when it is always as many. */
function fixedLength(node: PatternNode): number | null {
  switch (node.type) {
    case 'set':
      return 1;
    case 'sequence':
      return node.items.reduce<number | null>((sum, item) => {
        const length = sum === null ? null : fixedLength(item);
        return length === null ? null : (sum as number) + length;
      }, 0);
    case 'choice': {
      const lengths = node.options.map(fixedLength);
      return lengths.every((length) => length === lengths[0]) ? (lengths[0] as number | null) : null;
    }
    case 'group':
    case 'atomic':
      return fixedLength(node.body);
    case 'repeat': {
      const length = fixedLength(node.body);
      return length === null || node.min !== node.max ? null : length * node.min;
    }
    case 'backreference':
      return null;
    default:
      return 0;
  }
}

function firstBytesOf(node: PatternNode): ByteSet | null {
  switch (node.type) {
    case 'set':
      return node.set;
    case 'group':
    case 'atomic':
      return firstBytesOf(node.body);
    case 'sequence':
      return node.items[0] ? firstBytesOf(node.items[0]) : null;
    case 'repeat':
      return node.min > 0 ? firstBytesOf(node.body) : null;
    case 'choice': {
      const sets = node.options.map(firstBytesOf);
      if (sets.includes(null)) return null;
      return new Uint8Array(256).map((_, byte) => (sets.some((bytes) => (bytes as ByteSet)[byte]) ? 1 : 0));
    }
    default:
      return null;
  }
}
