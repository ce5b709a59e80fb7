import {
  type Block,
  type ClosureNode,
  type ForStatement,
  type IfStatement,
  precedence,
  type Program,
  type ReturnStatement,
  type Statement,
} from './ast.js';
import { ExpressionParser } from './expression-parser.js';
import { Lexer } from './lexer.js';
import { nestedTooDeeply, syntaxError } from './parse-error.js';
import type { Source } from './source.js';
import { token } from './token.js';

/** Statements may nest this deep: ThingsDB's own parser stops at the same depth. */
export const MAX_NESTING = 500;

/** Reads a program. Throws {@link ThingsError} -52 with the place of the error. */
export function parse(source: Source): Program {
  return new Parser(new Lexer(source)).program();
}

class Parser extends ExpressionParser {
  #nesting = 0;
  /** Results by position: ThingsDB's grammar backtracks, and without this nested failures would take exponential time. */
  readonly #known = new Map<number, { readonly statement: Statement | null; readonly end: number }>();

  /** `START = List(statement, ';'...)` */
  program(): Program {
    const { lexer } = this;
    const statements = this.#statements();
    if (!lexer.atEnd) {
      lexer.expect('end_of_statement');
      throw syntaxError(lexer.source, lexer.furthest, lexer.expected);
    }
    return { type: 'program', statements, start: 0, end: lexer.end };
  }

  /** `statement = primary (operator statement)?`; operators are then ordered by how tightly they bind. */
  override statement(): Statement | null {
    const { lexer } = this;
    lexer.skip();
    const start = lexer.position;
    const known = this.#known.get(start);
    if (known) {
      lexer.position = known.end;
      return known.statement;
    }
    if (++this.#nesting > MAX_NESTING) throw nestedTooDeeply(MAX_NESTING);
    const statement = this.#operations();
    this.#nesting -= 1;
    if (!statement) {
      lexer.position = start;
      for (const word of ['if', 'return', 'for']) lexer.expect(word);
    }
    this.#known.set(start, { statement, end: lexer.position });
    return statement;
  }

  /** Operator precedence without recursion over the right side, so that a long sum needs no deep stack. */
  #operations(): Statement | null {
    const operands: Statement[] = [];
    const operators: string[] = [];
    const first = this.#primary();
    if (!first) return null;
    operands.push(first);
    for (;;) {
      const operator = this.#operator();
      if (operator === null) break;
      const mark = this.lexer.position;
      if (operator === '?') {
        const then = this.statement();
        const otherwise = then && this.lexer.take(':') ? this.statement() : null;
        if (!then || !otherwise) {
          this.lexer.position = mark - 1;
          break;
        }
        // Its length, which decides how it is printed, counts from the operand just before the `?`.
        const { start } = operands.at(-1) as Statement;
        reduce(operands, operators, precedence['?'] as number);
        operands.push({
          type: 'ternary',
          condition: operands.pop() as Statement,
          then,
          otherwise,
          start,
          end: otherwise.end,
        });
        break;
      }
      const right = this.#primary();
      if (!right) {
        this.lexer.position = mark - operator.length;
        break;
      }
      reduce(operands, operators, precedence[operator] as number);
      operators.push(operator);
      operands.push(right);
    }
    reduce(operands, operators, (precedence['?'] as number) + 1);
    return operands[0] as Statement;
  }

  #operator(): string | null {
    this.lexer.skip();
    return this.lexer.match(token.operator);
  }

  /** One statement without the operators behind it. */
  #primary(): Statement | null {
    const { lexer } = this;
    lexer.skip();
    const start = lexer.position;
    const word = peekWord(lexer);
    const special = this.#byKeyword(word) ?? (lexer.sees('|') ? this.closure() : null);
    if (special) return special;
    lexer.position = start;
    const expression = this.expression();
    // What began like a thing may be a block: read it again from its `{`.
    if (!expression) lexer.position = start;
    if (!expression) lexer.position = start;
    if (word !== 'continue' && word !== 'break') return expression ?? this.#block();
    // The longest reading wins: `break` alone is the jump, `break = 3` sets a variable.
    if (expression && lexer.position > start + word.length) return expression;
    lexer.position = start + word.length;
    return { type: word, start, end: lexer.end };
  }

  #byKeyword(word: string): Statement | null {
    switch (word) {
      case 'if':
        return this.#if();
      case 'return':
        return this.#return();
      case 'for':
        return this.#for();
      default:
        return null;
    }
  }

  /** `if ( statement ) statement (else statement)?` */
  #if(): IfStatement | null {
    const { lexer } = this;
    const start = lexer.position;
    lexer.takeKeyword('if');
    const condition = lexer.take('(') ? this.statement() : null;
    const then = condition && lexer.take(')') ? this.statement() : null;
    if (!condition || !then) return null;
    const end = lexer.position;
    const otherwise = this.#keyword('else') ? this.statement() : null;
    if (!otherwise) lexer.position = end;
    return { type: 'if', condition, then, otherwise, start, end: lexer.end };
  }

  /** `return List(statement, 0 ... 3)` */
  #return(): ReturnStatement {
    const { lexer } = this;
    const start = lexer.position;
    this.#keyword('return');
    const values: Statement[] = [];
    let end = lexer.position;
    for (let next = this.statement(); next; next = this.statement()) {
      values.push(next);
      end = lexer.position;
      if (values.length === 3 || !lexer.take(',')) break;
    }
    lexer.position = end;
    return { type: 'return', values, start, end };
  }

  /** `for ( List(name) in statement ) statement` */
  #for(): ForStatement | null {
    const { lexer } = this;
    const start = lexer.position;
    lexer.takeKeyword('for');
    if (!lexer.take('(')) return null;
    const names: string[] = [];
    do {
      const name = lexer.match(token.name);
      if (name === null) return null;
      names.push(name);
    } while (lexer.take(','));
    const iterable = this.#keyword('in') ? this.statement() : null;
    const body = iterable && lexer.take(')') ? this.statement() : null;
    return iterable && body ? { type: 'for', names, iterable, body, start, end: lexer.end } : null;
  }

  /** `| List(name) | statement` */
  override closure(): ClosureNode | null {
    const { lexer } = this;
    lexer.skip();
    const start = lexer.position;
    if (!lexer.takeOptional('|')) return null;
    const parameters: string[] = [];
    for (let name = lexer.match(token.name); name !== null; name = lexer.match(token.name)) {
      parameters.push(name);
      if (!lexer.take(',')) break;
    }
    const body = lexer.take('|') ? this.statement() : null;
    return body && { type: 'closure', parameters, body, start, end: lexer.end };
  }

  /** `{ List(statement, ';'...) }`, at least one. */
  #block(): Block | null {
    const { lexer } = this;
    const start = lexer.position;
    if (!lexer.takeOptional('{')) return null;
    const statements = this.#statements();
    if (!statements.length || !lexer.take('}')) return null;
    return { type: 'block', statements, start, end: lexer.end };
  }

  #statements(): Statement[] {
    const statements: Statement[] = [];
    for (let next = this.statement(); next; next = this.statement()) {
      statements.push(next);
      if (!this.lexer.take(';')) break;
      while (this.lexer.sees(';')) this.lexer.take(';');
    }
    return statements;
  }

  #keyword(word: string): boolean {
    this.lexer.skip();
    const start = this.lexer.position;
    const isThere = this.lexer.takeKeyword(word);
    if (isThere) this.lexer.source.keywords.set(start, word);
    return isThere;
  }
}

function peekWord(lexer: Lexer): string {
  const start = lexer.position;
  const furthest = lexer.furthest;
  const word = lexer.match(token.name) ?? '';
  lexer.position = start;
  lexer.furthest = furthest;
  return word;
}

/** Joins operands until an operator is left that binds looser than `level`. Equal ones join from the left. */
function reduce(operands: Statement[], operators: string[], level: number): void {
  while (operators.length && (precedence[operators.at(-1) as string] as number) <= level) {
    const operator = operators.pop() as string;
    const right = operands.pop() as Statement;
    const left = operands.pop() as Statement;
    operands.push({ type: 'operation', operator, left, right, start: left.start, end: right.end });
  }
}
