import type { Chain, ClosureNode, Expression, Field, Head, Index, Program, Statement } from './ast.js';

/**
 * What calling a function does to the stored data. ThingsDB decides before a query runs whether it needs a change, by
 * looking at its text only.
 */
export interface Effects {
  /** Needs a change in the `@thingsdb` scope. */
  readonly thingsdb?: boolean;
  /** Needs a change in a `@collection` scope. */
  readonly collection?: boolean;
  /** Needs none when called on a variable: that is not a stored value. */
  readonly notOnVariable?: boolean;
  /** Needs none after `nse()`. */
  readonly notAfterNse?: boolean;
  /** Needs none when it is not called on a value (`set()` makes a set, `.set()` changes a thing). */
  readonly onlyChained?: boolean;
  /** May return a stored list or set, so the result does not count as a variable. */
  readonly mayReturnStored?: boolean;
  /** Its first argument is a closure that runs later, with a change of its own. */
  readonly runsLater?: boolean;
  /** Switches side effects off for what follows. */
  readonly switchesOff?: boolean;
}

export type EffectsOf = (name: string, isChained: boolean) => Effects | undefined;

/** What the analysis found. */
export interface Analysis {
  readonly needsChange: boolean;
  /** Closures that need a change when they are called. */
  readonly closuresWithEffects: ReadonlySet<ClosureNode>;
  readonly illegalJump: 'continue' | 'break' | null;
  readonly hasNse: boolean;
}

/** Finds out whether running `program` needs a change. */
export function analyse(
  program: Program | Statement,
  scope: 'collection' | 'thingsdb' | 'node',
  effectsOf: EffectsOf,
): Analysis {
  const analyser = new Analyser(scope, effectsOf);
  if (program.type === 'program') program.statements.forEach((statement) => analyser.statement(statement));
  else analyser.statement(program);
  return analyser;
}

class Analyser implements Analysis {
  readonly #scope: 'collection' | 'thingsdb' | 'node';
  readonly #effectsOf: EffectsOf;
  needsChange = false;
  illegalJump: 'continue' | 'break' | null = null;
  hasNse = false;
  readonly closuresWithEffects = new Set<ClosureNode>();
  /** Whether the value at hand is a variable or fresh, and thus not stored. */
  #onVariable = false;
  #inLoop = false;

  constructor(scope: 'collection' | 'thingsdb' | 'node', effectsOf: EffectsOf) {
    this.#scope = scope;
    this.#effectsOf = effectsOf;
  }

  statement(node: Statement): void {
    switch (node.type) {
      case 'if':
        this.statement(node.condition);
        this.statement(node.then);
        if (node.otherwise) this.statement(node.otherwise);
        return;
      case 'return':
        return node.values.forEach((value) => this.statement(value));
      case 'for': {
        const wasInLoop = this.#inLoop;
        this.statement(node.iterable);
        this.#inLoop = true;
        this.statement(node.body);
        this.#inLoop = wasInLoop;
        return;
      }
      case 'continue':
      case 'break':
        if (!this.#inLoop) this.illegalJump ??= node.type;
        return;
      case 'closure':
        return this.#closure(node);
      case 'block':
        return node.statements.forEach((statement) => this.statement(statement));
      case 'operation':
        this.statement(node.left);
        this.statement(node.right);
        return;
      case 'ternary':
        this.statement(node.condition);
        this.statement(node.then);
        this.statement(node.otherwise);
        return;
      case 'expression':
        this.#onVariable = false;
        return this.#expression(node);
    }
  }

  #closure(node: ClosureNode): void {
    const { needsChange } = this;
    const inLoop = this.#inLoop;
    this.needsChange = false;
    this.#inLoop = false;
    this.statement(node.body);
    if (this.needsChange) this.closuresWithEffects.add(node);
    // A closure that is only made needs no change. One that is called is checked at its call. But ThingsDB counts what
    // is inside for the whole text, and so do we.
    this.needsChange ||= needsChange;
    this.#inLoop = inLoop;
  }

  #expression(node: Expression): void {
    this.#head(node.head);
    node.indexes.forEach((index) => this.#index(index));
    if (node.chain) this.#chain(node.chain);
  }

  #head(node: Head): void {
    switch (node.type) {
      case 'chain':
        return this.#chain(node);
      case 'anonymous':
      case 'thing':
      case 'instance':
        return this.#fields(node.fields);
      case 'template':
        for (const part of node.parts) if (typeof part !== 'string') this.statement(part);
        return;
      case 'call':
        return this.#call(node.name, node.args, false);
      case 'assignment':
        return this.statement(node.value);
      case 'enum':
        if (typeof node.member !== 'string') this.#closure(node.member);
        return;
      case 'variable':
        this.#onVariable = true;
        return;
      case 'list':
        node.items.forEach((item) => this.statement(item));
        this.#onVariable = true;
        return;
      case 'parenthesis':
        return this.statement(node.body);
      default:
        return;
    }
  }

  #fields(fields: readonly Field[]): void {
    for (const { value } of fields) if (value) this.statement(value);
  }

  #chain(node: Chain): void {
    for (let at: Chain | null = node; at; at = at.next) {
      const { link } = at;
      if (link.type === 'call') this.#call(link.name, link.args, true);
      if (link.type === 'assignment') {
        this.#softChange();
        this.statement(link.value);
      }
      // ThingsDB forgets after each link that it stood on a variable.
      this.#onVariable = false;
      at.indexes.forEach((index) => this.#index(index));
    }
  }

  #index(index: Index): void {
    if (index.assign) {
      this.#softChange();
      this.statement(index.assign.value);
    }
    for (const bound of index.bounds) if (bound) this.statement(bound);
  }

  #softChange(): void {
    if (this.#scope === 'collection' && !this.hasNse) this.needsChange = true;
  }

  #call(name: string, args: readonly Statement[], isChained: boolean): void {
    const effects = this.#effectsOf(name, isChained);
    if (effects) {
      const inScope = this.#scope === 'node' ? false : effects[this.#scope];
      const isExempt =
        (effects.notOnVariable && isChained && this.#onVariable) ||
        (effects.onlyChained && !isChained) ||
        (effects.notAfterNse && this.hasNse);
      if (inScope && !isExempt) this.needsChange = true;
      if (effects.switchesOff) this.hasNse = true;
    }
    args.forEach((argument, position) => {
      const { needsChange } = this;
      this.statement(argument);
      if (effects?.runsLater && position === 0 && argument.type === 'closure') this.needsChange = needsChange;
    });
    if (effects && !effects.mayReturnStored) this.#onVariable = true;
  }
}
