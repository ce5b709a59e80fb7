import type {
  Assignment,
  Call,
  Chain,
  ClosureNode,
  EnumMember,
  Expression,
  Field,
  Head,
  Index,
  Literal,
  Statement,
  TemplateLiteral,
  Variable,
} from './ast.js';
import type { Lexer } from './lexer.js';
import { token } from './token.js';

const constants: ReadonlySet<string> = new Set(['nil', 'true', 'false']);

/** The half of the grammar that is about values; {@link Parser} adds the half that is about statements. */
export abstract class ExpressionParser {
  constructor(readonly lexer: Lexer) {}

  abstract statement(): Statement | null;
  abstract closure(): ClosureNode | null;

  /** `signs head index* chain?` */
  expression(): Expression | null {
    const { lexer } = this;
    lexer.skip();
    const start = lexer.position;
    const signs = (lexer.matchHere(token.signs) ?? '').trim();
    const head = this.#head();
    if (!head) return null;
    const indexes = head.type === 'chain' ? [] : this.#indexes();
    const chain = head.type === 'chain' ? null : this.#chain();
    return { type: 'expression', signs, head, indexes, chain, start, end: lexer.end };
  }

  #head(): Head | null {
    const { lexer } = this;
    lexer.skip();
    const start = lexer.position;
    const next = lexer.source.text[start] ?? '';
    if (next === '.') {
      const chain = this.#chain();
      if (chain) return chain;
    }
    switch (next) {
      case '"':
      case "'":
        return this.#literal('string', start);
      case '`':
        return this.#template();
      case '{':
        return this.#fields('thing', start, '{');
      case '&':
        return this.#fields('anonymous', start, '&{');
      case '[':
        return this.#list(start);
      case '(':
        return this.#parenthesis(start);
      case '/':
        return this.#literal('regex', start);
      default:
        return this.#literal('float', start) ?? this.#literal('int', start) ?? this.#named(start);
    }
  }

  #literal(type: 'string' | 'regex' | 'float' | 'int', start: number): Literal | null {
    return this.lexer.match(token[type]) === null ? null : { type, start, end: this.lexer.end };
  }

  /** A constant, a variable, and what a name may be followed by. */
  #named(start: number): Head | null {
    const { lexer } = this;
    const name = lexer.match(token.name);
    if (name === null) return null;
    if (constants.has(name)) return { type: name as 'nil' | 'true' | 'false', start, end: lexer.end };
    const plain = this.#callOrAssign(name, start);
    if (plain.type !== 'variable' || !lexer.sees('{')) return plain;
    const end = lexer.position;
    const fields = this.#fieldList('{');
    if (fields) return { type: 'instance', name, fields, start, end: lexer.end };
    lexer.position = end;
    const member = this.#enumMember(name, start);
    if (member) return member;
    lexer.position = end;
    return plain;
  }

  #enumMember(name: string, start: number): EnumMember | null {
    const { lexer } = this;
    lexer.take('{');
    const member = lexer.match(token.name) ?? this.closure();
    if (member === null || !lexer.take('}')) return null;
    return { type: 'enum', name, member, start, end: lexer.end };
  }

  /** `name ( arguments )`, `name = statement`, or the name alone. */
  #callOrAssign(name: string, start: number): Variable | Call | Assignment {
    const { lexer } = this;
    const end = lexer.position;
    if (lexer.sees('(')) {
      lexer.take('(');
      const args = this.#items(')');
      if (args) return { type: 'call', name, args, start, end: lexer.end };
      lexer.position = end;
    }
    const operator = lexer.match(token.assign);
    const value = operator === null ? null : this.statement();
    if (operator !== null && value) {
      return { type: 'assignment', name, operator, value, start, end: lexer.end };
    }
    lexer.position = end;
    return { type: 'variable', name, start, end };
  }

  /** `. name...` or `.. name...`, repeated. */
  #chain(): Chain | null {
    const { lexer } = this;
    lexer.skip();
    const start = lexer.position;
    if (!lexer.takeOptional('.')) return null;
    const isOptional = lexer.source.text[lexer.position] === '.';
    if (isOptional) lexer.position += 1;
    lexer.skip();
    const nameStart = lexer.position;
    const name = lexer.match(token.name);
    if (name === null) {
      lexer.position = start;
      return null;
    }
    const link = this.#callOrAssign(name, nameStart);
    const indexes = this.#indexes();
    const next = this.#chain();
    return { type: 'chain', isOptional, link, indexes, next, start, end: lexer.end };
  }

  #indexes(): Index[] {
    const indexes: Index[] = [];
    while (this.lexer.sees('[')) {
      const mark = this.lexer.position;
      const index = this.#index(mark);
      if (!index) {
        this.lexer.position = mark;
        break;
      }
      indexes.push(index);
    }
    return indexes;
  }

  /** `[ statement? (: statement?){0,2} ] (= statement)?` */
  #index(start: number): Index | null {
    const { lexer } = this;
    lexer.take('[');
    const bounds: (Statement | null)[] = [this.statement()];
    while (bounds.length < 3 && lexer.take(':')) bounds.push(this.statement());
    if (!lexer.take(']')) return null;
    const end = lexer.position;
    const operator = lexer.match(token.assign);
    const value = operator === null ? null : this.statement();
    const assign = operator !== null && value ? { operator, value } : null;
    if (!assign) lexer.position = end;
    return { bounds, isSlice: bounds.length > 1 || bounds[0] === null, assign, start, end: lexer.end };
  }

  #list(start: number): Head | null {
    this.lexer.take('[');
    const items = this.#items(']');
    return items && { type: 'list', items, start, end: this.lexer.end };
  }

  #parenthesis(start: number): Head | null {
    this.lexer.take('(');
    const body = this.statement();
    return body && this.lexer.take(')') ? { type: 'parenthesis', body, start, end: this.lexer.end } : null;
  }

  #fields(type: 'thing' | 'anonymous', start: number, open: string): Head | null {
    const fields = this.lexer.take(open) ? this.#fieldList('') : null;
    return fields && { type, fields, start, end: this.lexer.end };
  }

  /** `List(name : statement?) }`, a comma may end it. */
  #fieldList(open: string): Field[] | null {
    const { lexer } = this;
    if (open) lexer.take(open);
    const fields: Field[] = [];
    for (;;) {
      lexer.skip();
      const start = lexer.position;
      const name = lexer.match(token.name);
      if (name === null) break;
      if (!lexer.take(':')) return null;
      fields.push({ name, value: this.statement(), start, end: lexer.end });
      if (!lexer.take(',')) break;
    }
    return lexer.take('}') ? fields : null;
  }

  /** `List(statement)` up to `close`, a comma may end it. */
  #items(close: string): Statement[] | null {
    const items: Statement[] = [];
    for (let next = this.statement(); next; next = this.statement()) {
      items.push(next);
      if (!this.lexer.take(',')) break;
    }
    return this.lexer.take(close) ? items : null;
  }

  #template(): TemplateLiteral | null {
    const { lexer } = this;
    const start = lexer.position;
    lexer.position += 1;
    const parts: (string | Statement)[] = [];
    for (;;) {
      const text = lexer.matchHere(token.templateText);
      if (text !== null) {
        parts.push(text.replaceAll('``', '`').replaceAll('{{', '{').replaceAll('}}', '}'));
        continue;
      }
      const next = lexer.source.text[lexer.position];
      if (next === '`') {
        lexer.position += 1;
        return { type: 'template', parts, start, end: lexer.end };
      }
      const statement = next === '{' && lexer.take('{') ? this.statement() : null;
      if (!statement || !lexer.take('}')) return null;
      parts.push(statement);
    }
  }
}
