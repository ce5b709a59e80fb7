import type {
  ClosureNode,
  ForStatement,
  IfStatement,
  ReturnStatement,
  Statement,
} from '../../language/ast.js';
import type { Analysis } from '../../language/side-effects.js';
import type { Source } from '../../language/source.js';
import { typeError, valueError } from '../../model/errors.js';
import { MAX_DEEP } from '../../model/limits.js';
import { Closure } from '../../model/values/closure.js';
import { isTrue } from '../../model/values/truth.js';
import { typeName, type Value } from '../../model/values/value.js';
import type { BuiltIn } from '../built-in.js';
import type { Evaluate } from '../evaluate.js';
import { iterate } from '../operations/iterate.js';
import { type Operator, operators } from '../operations/operators.js';
import type { Query } from '../query.js';
import { breakSignal, continueSignal, returnSignal } from '../signals.js';
import { ExpressionCompiler } from './expression-compiler.js';

/** Turns a tree into functions, once; running them does not look at the tree again. */
export class Compiler extends ExpressionCompiler {
  readonly #analysis: Analysis;
  constructor(source: Source, registry: ReadonlyMap<string, BuiltIn>, analysis: Analysis) {
    super(source, registry);
    this.#analysis = analysis;
  }

  /** Runs the statements one after the other; the value is that of the last. */
  sequence(statements: readonly Statement[]): Evaluate {
    const steps = statements.map((statement) => this.statement(statement));
    const last = steps.pop();
    if (!last) return () => null;
    if (!steps.length) return last;
    const { length } = steps;
    return (query) => {
      query.step(length);
      for (let at = 0; at < length; at += 1) (steps[at] as Evaluate)(query);
      return last(query);
    };
  }

  override statement(node: Statement): Evaluate {
    switch (node.type) {
      case 'if':
        return this.#if(node);
      case 'return':
        return this.#return(node);
      case 'for':
        return this.#for(node);
      case 'continue':
        return () => {
          throw continueSignal;
        };
      case 'break':
        return () => {
          throw breakSignal;
        };
      case 'closure':
        return this.closure(node);
      case 'block':
        return this.sequence(node.statements);
      case 'operation':
        return this.#operation(node.operator, this.statement(node.left), this.statement(node.right));
      case 'ternary': {
        const condition = this.statement(node.condition);
        const then = this.statement(node.then);
        const otherwise = this.statement(node.otherwise);
        return (query) => (isTrue(condition(query)) ? then(query) : otherwise(query));
      }
      case 'expression':
        return this.expression(node);
    }
  }

  override closure(node: ClosureNode): Evaluate {
    const before = this.overflows;
    const body = this.statement(node.body);
    const overflows = this.overflows > before;
    const hasSideEffects = this.#analysis.closuresWithEffects.has(node);
    return () => new Closure(this.source, node, body, hasSideEffects, overflows);
  }

  #operation(operator: string, left: Evaluate, right: Evaluate): Evaluate {
    if (operator === '&&') {
      return (query) => {
        const value = left(query);
        return isTrue(value) ? right(query) : value;
      };
    }
    if (operator === '||') {
      return (query) => {
        const value = left(query);
        return isTrue(value) ? value : right(query);
      };
    }
    const apply = operators[operator] as Operator;
    return (query) => {
      query.step();
      return apply(left(query), right(query));
    };
  }

  #if(node: IfStatement): Evaluate {
    const condition = this.statement(node.condition);
    const then = this.statement(node.then);
    if (!node.otherwise) {
      return (query) => {
        const value = condition(query);
        return isTrue(value) ? then(query) : value;
      };
    }
    const otherwise = this.statement(node.otherwise);
    return (query) => (isTrue(condition(query)) ? then(query) : otherwise(query));
  }

  /** The depth and the flags are read before the value, as ThingsDB does. */
  #return(node: ReturnStatement): Evaluate {
    const [value, deep, flags] = node.values.map((part) => this.statement(part));
    return (query) => {
      if (deep) query.deep = readDeep(deep(query));
      if (flags) readFlags(query, flags(query));
      query.returned = value ? value(query) : null;
      throw returnSignal;
    };
  }

  #for(node: ForStatement): Evaluate {
    const iterable = this.statement(node.iterable);
    const body = this.statement(node.body);
    const { names } = node;
    return (query) => {
      const subject = iterable(query);
      let isFirst = true;
      iterate(query, subject, names.length, (first, second) => {
        // Where there is nothing to walk over, no variable is set.
        if (isFirst) for (const name of names.slice(2)) query.assign(name, null);
        isFirst = false;
        query.assign(names[0] as string, first);
        if (names.length > 1) query.assign(names[1] as string, second);
        try {
          body(query);
        } catch (thrown) {
          if (thrown === breakSignal) return false;
          if (thrown !== continueSignal) throw thrown;
        }
        return true;
      });
      // Where there was nothing to walk over, the value itself is left.
      return isTrue(subject) ? null : subject;
    };
  }
}

/** How deep a result is wanted. Throws -61 or -60. */
export function readDeep(value: Value): number {
  if (typeof value !== 'bigint') {
    throw typeError(`expecting \`deep\` to be of type \`int\` but got type \`${typeName(value)}\` instead`);
  }
  if (value < 0n || value > MAX_DEEP) {
    throw valueError(`expecting a \`deep\` value between 0 and ${MAX_DEEP} but got ${value} instead`);
  }
  return Number(value);
}

function readFlags(query: Query, value: Value): void {
  if (typeof value !== 'bigint') {
    throw typeError(`expecting \`flags\` to be of type \`int\` but got type \`${typeName(value)}\` instead`);
  }
  if (value & 32n) query.withoutIds = true;
}
