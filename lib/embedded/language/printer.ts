import type {
  Assignment,
  Call,
  Chain,
  ClosureNode,
  Expression,
  Field,
  Head,
  Index,
  Statement,
} from './ast.js';
import type { Source } from './source.js';

/** From this length on ThingsDB breaks chains and ternaries over several lines. */
const INDENT_THRESHOLD = 40;

/** The text of a closure as clients get it: as it was written, without white space and comments. */
export function printCompact(source: Source, node: { readonly start: number; readonly end: number }): string {
  const { text, gaps, keywords } = source;
  let result = '';
  let from = node.start;
  const isBlank = (at: number): boolean => /\s/.test(text[at] ?? '');
  for (let at = node.start; at < node.end; at += 1) {
    const word = keywords.get(at);
    const to = gaps.get(at);
    if (to === undefined && word === undefined) continue;
    result += text.slice(from, at);
    if (word !== undefined) {
      const end = at + word.length;
      const before = word !== 'return' && isBlank(at - 1) ? ' ' : '';
      result += before + word + (isBlank(end) ? ' ' : '');
      from = end;
    } else if (to !== undefined) {
      from = to;
    }
    at = from - 1;
  }
  return result + text.slice(from, node.end);
}

/**
 * A statement as it was written. The real server's parser looks for an index behind a value. It counts the white space
 * there as part of the value. So do we.
 */
export function printRaw(source: Source, node: Statement): string {
  const end = endsWithValue(node) ? (source.gaps.get(node.end) ?? node.end) : node.end;
  return source.text.slice(node.start, end);
}

function endsWithValue(node: Statement): boolean {
  switch (node.type) {
    case 'closure':
    case 'for':
      return endsWithValue(node.body);
    case 'operation':
      return endsWithValue(node.right);
    case 'ternary':
      return endsWithValue(node.otherwise);
    case 'if':
      return node.otherwise ? endsWithValue(node.otherwise) : true;
    case 'expression':
      return true;
    default:
      return false;
  }
}

/** The text of a closure as `str(closure)` gives it: laid out with tabs. */
export function printPretty(source: Source, node: ClosureNode, depth = 0): string {
  return new Printer(source, depth).closure(node);
}

class Printer {
  readonly #source: Source;
  #depth: number;

  constructor(source: Source, depth: number) {
    this.#source = source;
    this.#depth = depth;
  }

  closure(node: ClosureNode): string {
    return `|${node.parameters.join(', ')}| ${this.#statement(node.body)}`;
  }

  #statement(node: Statement): string {
    switch (node.type) {
      case 'if': {
        const otherwise = node.otherwise ? ` else ${this.#statement(node.otherwise)}` : '';
        return `if (${this.#statement(node.condition)}) ${this.#statement(node.then)}${otherwise}`;
      }
      case 'return': {
        const values = node.values.map((value) => this.#statement(value)).join(', ');
        return values ? `return ${values}` : 'return';
      }
      case 'for':
        return `for (${node.names.join(', ')} in ${this.#statement(node.iterable)}) ${this.#statement(node.body)}`;
      case 'continue':
      case 'break':
        return node.type;
      case 'closure':
        return this.closure(node);
      case 'block':
        return this.#lines('{', '}', ';', node.statements, (statement) => this.#statement(statement));
      case 'operation':
        return `${this.#statement(node.left)} ${node.operator} ${this.#statement(node.right)}`;
      case 'ternary':
        return this.#ternary(node);
      case 'expression':
        return this.#expression(node);
    }
  }

  #ternary(node: Extract<Statement, { type: 'ternary' }>): string {
    const condition = this.#statement(node.condition);
    if (node.end - node.start <= INDENT_THRESHOLD) {
      return `${condition} ? ${this.#statement(node.then)} : ${this.#statement(node.otherwise)}`;
    }
    this.#depth += 1;
    const line = this.#newLine();
    const then = this.#statement(node.then);
    const otherwise = this.#statement(node.otherwise);
    this.#depth -= 1;
    return `${condition}${line}? ${then}${line}: ${otherwise}`;
  }

  #expression(node: Expression): string {
    const chain = node.chain ? this.#chain(node.chain, false) : '';
    return node.signs.replace(/\s/g, '') + this.#head(node.head) + this.#indexes(node.indexes) + chain;
  }

  #head(node: Head): string {
    switch (node.type) {
      case 'chain':
        return this.#chain(node, false);
      case 'anonymous':
        return `&${this.#fields(node.fields)}`;
      case 'thing':
        return this.#fields(node.fields);
      case 'instance':
        return node.name + this.#fields(node.fields);
      case 'enum':
        return `${node.name}{${typeof node.member === 'string' ? node.member : this.closure(node.member)}}`;
      case 'list':
        return node.items.length > 1
          ? this.#lines('[', ']', ',', node.items, (item) => this.#statement(item))
          : `[${node.items.map((item) => this.#statement(item)).join('')}]`;
      case 'parenthesis':
        return `(${this.#statement(node.body)})`;
      case 'variable':
        return node.name;
      case 'call':
      case 'assignment':
        return this.#callOrAssign(node);
      default:
        return this.#source.text.slice(node.start, node.end);
    }
  }

  #callOrAssign(node: Call | Assignment): string {
    return node.type === 'call'
      ? `${node.name}(${node.args.map((argument) => this.#statement(argument)).join(', ')})`
      : `${node.name} ${node.operator} ${this.#statement(node.value)}`;
  }

  #fields(fields: readonly Field[]): string {
    const value = (field: Field): string => (field.value ? this.#statement(field.value) : '');
    if (fields.length < 2) return `{${fields.map((field) => `${field.name}: ${value(field)}`).join('')}}`;
    return this.#lines(
      '{',
      '}',
      ',',
      fields,
      (field) => `${field.name}:${field.value ? ` ${value(field)}` : ''}`,
    );
  }

  #indexes(indexes: readonly Index[]): string {
    return indexes
      .map(({ bounds, assign }) => {
        const inside = bounds.map((bound) => (bound ? this.#statement(bound) : '')).join(':');
        return `[${inside}]${assign ? ` ${assign.operator} ${this.#statement(assign.value)}` : ''}`;
      })
      .join('');
  }

  #chain(node: Chain, isIndented: boolean): string {
    const breaks = !isIndented && node.next?.link.type === 'call' && node.end - node.start > INDENT_THRESHOLD;
    if (breaks) this.#depth += 1;
    const dots = node.isOptional ? '..' : '.';
    let text = (isIndented ? this.#newLine() : '') + dots;
    text += node.link.type === 'variable' ? node.link.name : this.#callOrAssign(node.link);
    text += this.#indexes(node.indexes);
    if (node.next) text += this.#chain(node.next, isIndented || breaks);
    if (breaks) this.#depth -= 1;
    return text;
  }

  #lines<T>(
    open: string,
    close: string,
    separator: string,
    items: readonly T[],
    print: (item: T) => string,
  ): string {
    this.#depth += 1;
    const inner = this.#newLine();
    const lines = items.map((item) => `${inner}${print(item)}${separator}`).join('');
    this.#depth -= 1;
    return `${open}${lines}${this.#newLine()}${close}`;
  }

  #newLine(): string {
    return `\n${'\t'.repeat(this.#depth)}`;
  }
}
