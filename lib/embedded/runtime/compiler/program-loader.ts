import type { Program } from '../../language/ast.js';
import { ParseError } from '../../language/parse-error.js';
import { parse } from '../../language/parser.js';
import { analyse, type Analysis, type EffectsOf } from '../../language/side-effects.js';
import { Source } from '../../language/source.js';
import { cost, spendMemory, spendSteps } from '../../model/budget.js';
import { badDataError, lookupError, syntaxError, valueError } from '../../model/errors.js';
import type { Database } from '../../model/store/database.js';
import type { Programs } from '../../model/store/programs.js';
import type { Scope } from '../../model/store/scope.js';
import type { AnonymousType } from '../../model/values/anonymous-type.js';
import type { Closure } from '../../model/values/closure.js';
import type { Heap } from '../../model/values/heap.js';
import type { Packed } from '../../msgpack/wire.js';
import type { BuiltIn } from '../built-in.js';
import type { Evaluate } from '../evaluate.js';
import { unpackAnonymousType } from '../types/anonymous.js';
import { Compiler } from './compiler.js';

/** A query, ready to run as often as wanted. */
export interface ReadyProgram {
  readonly run: Evaluate;
  readonly analysis: Analysis;
}

interface ParsedProgram {
  readonly source: Source;
  readonly tree: Program;
}

type ScopeKind = Scope['kind'];

/** Parsed queries that are kept: the same ones come again and again. */
const MAX_KEPT = 500;
const MAX_KEPT_LENGTH = 1024 * 1024;

/** Reads and compiles programs. */
export class ProgramLoader implements Programs {
  readonly #registry: ReadonlyMap<string, BuiltIn>;
  readonly #maxLength: number;
  readonly #kept = new Map<string, ReadyProgram>();
  #keptLength = 0;
  readonly #effectsOf: EffectsOf;

  constructor(registry: ReadonlyMap<string, BuiltIn>, maxLength: number) {
    this.#registry = registry;
    this.#maxLength = maxLength;
    this.#effectsOf = (name, isChained) => {
      const builtIn = registry.get(name);
      return (isChained ? builtIn?.chain : builtIn?.root) ? builtIn?.effects : undefined;
    };
  }

  /** Throws -52 when the code cannot be read. */
  load(code: string, scope: ScopeKind): ReadyProgram {
    const key = `${scope}:${code}`;
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const program = this.#read(code, scope);
    this.#kept.set(key, program);
    this.#keptLength += key.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT && this.#keptLength <= MAX_KEPT_LENGTH) break;
      this.#kept.delete(oldest);
      this.#keptLength -= oldest.length;
    }
    return program;
  }

  /** A closure from its text, as `closure('...')` and `new_procedure` take it. */
  closure(code: string, scope: ScopeKind): Closure {
    spendMemory(code.length * cost.letter);
    spendSteps(code.length);
    const program = this.#parseClosure(code);
    if (program.tree.statements.length !== 1)
      throw badDataError('closure is expecting exactly one statement');
    const [node] = program.tree.statements;
    if (node?.type !== 'closure') throw lookupError('node is not a closure');
    const analysis = analyse(node, scope, this.#effectsOf);
    const make = new Compiler(program.source, this.#registry, analysis).closure(node);
    const closure = make(undefined as never) as Closure;
    closure.store();
    return closure;
  }

  anonymousType(database: Database, heap: Heap, packed: Packed): AnonymousType {
    return unpackAnonymousType(database, heap, packed);
  }

  #read(code: string, scope: ScopeKind): ReadyProgram {
    const { source, tree } = this.#parseQuery(code);
    const analysis = analyse(tree, scope, this.#effectsOf);
    if (analysis.illegalJump) {
      throw syntaxError(
        `illegal \`${analysis.illegalJump}\` statement; no surrounding \`for..in\` statement`,
      );
    }
    return { run: new Compiler(source, this.#registry, analysis).sequence(tree.statements), analysis };
  }

  #parseQuery(code: string): ParsedProgram {
    try {
      return this.#parse(code);
    } catch (thrown) {
      if (thrown instanceof ParseError) throw syntaxError(thrown.message);
      throw thrown;
    }
  }

  /** A closure that came as text: where it is wrong is not said. */
  #parseClosure(code: string): ParsedProgram {
    try {
      return this.#parse(code);
    } catch (thrown) {
      if (thrown instanceof ParseError) throw syntaxError('invalid syntax in closure');
      throw thrown;
    }
  }

  #parse(code: string): ParsedProgram {
    if (code.length > this.#maxLength) {
      throw valueError(`the code has ${code.length} bytes; at most ${this.#maxLength} are allowed`);
    }
    const source = new Source(code);
    return { source, tree: parse(source) };
  }
}
