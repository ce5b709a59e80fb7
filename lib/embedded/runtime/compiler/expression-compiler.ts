import type {
  Assignment,
  Call,
  ClosureNode,
  EnumMember,
  Expression,
  Field,
  Head,
  Literal,
  Statement,
  TemplateLiteral,
} from '../../language/ast.js';
import { printRaw } from '../../language/printer.js';
import type { Source } from '../../language/source.js';
import { spendText } from '../../model/budget.js';
import { lookupError, overflowError, see, typeError } from '../../model/errors.js';
import { assignable, listItem } from '../../model/values/assignable.js';
import { type List, List as ListValue } from '../../model/values/list.js';
import { Regex } from '../../model/values/regex.js';
import { Thing } from '../../model/values/thing.js';
import { typeName, type Value } from '../../model/values/value.js';
import { Args } from '../args.js';
import type { BuiltIn } from '../built-in.js';
import type { Evaluate } from '../evaluate.js';
import { readDouble, toText } from '../operations/convert.js';
import { createInstance, type InstanceField } from '../operations/instance.js';
import { type Operator, operators } from '../operations/operators.js';
import { signsOf } from '../operations/signs.js';
import { updateSet } from '../operations/updates.js';
import type { Query } from '../query.js';
import { anonymousType } from '../types/anonymous.js';
import { callNamed } from './call-named.js';
import { compileChain, compileIndexes } from './chain-compiler.js';
import { constants } from './constants.js';
import { stringLiteral } from './string-literal.js';

/** The half of the compiler that is about values. */
export abstract class ExpressionCompiler {
  /** Numbers that do not fit 64 bits, so far. */
  protected overflows = 0;

  constructor(
    readonly source: Source,
    readonly registry: ReadonlyMap<string, BuiltIn>,
  ) {}

  abstract statement(node: Statement): Evaluate;
  abstract closure(node: ClosureNode): Evaluate;

  expression(node: Expression): Evaluate {
    let value = this.#head(node.head);
    if (node.indexes.length) value = compileIndexes(this, value, node.indexes);
    if (node.chain) value = compileChain(this, value, node.chain);
    const apply = signsOf(node.signs);
    return apply ? (query) => apply(value(query)) : value;
  }

  args(node: Call): Args {
    return new Args(
      node.name,
      node.args.map((argument) => this.statement(argument)),
      node.args.map((argument) => printRaw(this.source, argument)),
    );
  }

  #head(node: Head): Evaluate {
    switch (node.type) {
      case 'chain':
        return compileChain(this, rootOf, node);
      case 'template':
        return this.#template(node);
      case 'anonymous':
        return this.#anonymous(node.fields);
      case 'variable':
        return variable(node.name);
      case 'call':
        return this.#call(node);
      case 'assignment':
        return this.#assignment(node);
      case 'instance':
        return this.#instance(node.name, node.fields);
      case 'enum':
        return this.#enum(node);
      case 'thing':
        return this.#thing(node.fields);
      case 'list':
        return this.#list(node.items);
      case 'parenthesis':
        return this.statement(node.body);
      default:
        return this.#literal(node);
    }
  }

  #literal(node: Literal): Evaluate {
    const text = this.source.text.slice(node.start, node.end);
    switch (node.type) {
      case 'nil':
        return () => null;
      case 'true':
        return () => true;
      case 'false':
        return () => false;
      case 'string': {
        const value = stringLiteral(text);
        return () => value;
      }
      case 'float': {
        const value = readFloat(text);
        return () => value;
      }
      case 'int': {
        const value = readInt(text);
        if (value === null) this.overflows += 1;
        if (value !== null) return () => value;
        return () => {
          throw overflowError();
        };
      }
      case 'regex': {
        let regex: Regex | null = null;
        return () => (regex ??= new Regex(text));
      }
    }
  }

  #template(node: TemplateLiteral): Evaluate {
    const parts = node.parts.map((part) => (typeof part === 'string' ? part : this.statement(part)));
    return (query) => {
      let text = '';
      for (const part of parts) {
        const piece = typeof part === 'string' ? part : toText(part(query));
        spendText(text.length + piece.length, piece.length);
        text += piece;
      }
      return text;
    };
  }

  #list(nodes: readonly Statement[]): Evaluate {
    const items = nodes.map((item) => this.statement(item));
    return (query): List => {
      const values: Value[] = new Array<Value>(items.length);
      for (let at = 0; at < items.length; at += 1) values[at] = listItem((items[at] as Evaluate)(query));
      return new ListValue(values);
    };
  }

  #thing(nodes: readonly Field[]): Evaluate {
    const fields = this.fields(nodes);
    return (query) => {
      const thing = new Thing(query.collection);
      for (const { name, value } of fields) {
        const owned = assignable(value(query), thing, null);
        const at = thing.position(name);
        if (at < 0) thing.add(name, owned);
        else thing.values[at] = owned;
      }
      return thing;
    };
  }

  fields(nodes: readonly Field[]): InstanceField[] {
    return nodes.map(({ name, value }) => ({
      name,
      isShort: value === null,
      value: value ? this.statement(value) : requiredVariable(name),
    }));
  }

  #instance(name: string, nodes: readonly Field[]): Evaluate {
    const fields = this.fields(nodes);
    return (query) => createInstance(query, name, fields);
  }

  #anonymous(nodes: readonly Field[]): Evaluate {
    const thing = this.#thing(nodes);
    return (query) => {
      const { collection } = query;
      if (!collection) {
        throw lookupError(`anonymous types are not supported in the the \`@${query.scope.kind}\` scope`);
      }
      return anonymousType(query.database, collection, thing(query) as Thing);
    };
  }

  #enum(node: EnumMember): Evaluate {
    const { name, member } = node;
    const closure = typeof member === 'string' ? null : this.closure(member);
    return (query) => {
      const { collection } = query;
      if (!collection) {
        throw lookupError(
          `no enumerators exists in the \`@${query.scope.kind}\` scope; ` +
            'you might want to query a `@collection` scope?',
        );
      }
      const enumType = collection.enums.get(name);
      if (!enumType) throw lookupError(`enum \`${name}\` is undefined`);
      const wanted = closure ? enumName(query, closure(query)) : (member as string);
      const found = enumType.member(wanted);
      if (!found) throw lookupError(`enum \`${name}\` has no member \`${wanted}\``);
      return found;
    };
  }

  #call(node: Call): Evaluate {
    const args = this.args(node);
    const run = this.registry.get(node.name)?.root;
    if (run) {
      return (query) => {
        query.step();
        return run(query, args);
      };
    }
    return (query) => callNamed(query, node.name, args);
  }

  #assignment(node: Assignment): Evaluate {
    const { name, operator } = node;
    const value = this.statement(node.value);
    if (operator === '=') {
      return (query) => {
        const result = value(query);
        query.assign(name, result);
        return result;
      };
    }
    const current = requiredVariable(name);
    const word = operator.slice(0, -1);
    const apply = operators[word] as Operator;
    return (query) => {
      const right = value(query);
      const left = current(query);
      if (typeof left === 'object' && left?.kind === 'set' && left.isStored) query.requireChange('set', true);
      const result = updateSet(left, apply(left, right), word);
      query.replace(name, result);
      return result;
    };
  }
}

function enumName(query: Query, closure: Value): string {
  const value = typeof closure === 'object' && closure?.kind === 'closure' ? query.call(closure, []) : null;
  if (typeof value === 'string') return value;
  throw typeError(
    `enumerator lookup is expecting type \`str\` but got type \`${typeName(value)}\` instead${see('data-types/enum')}`,
  );
}

const rootOf: Evaluate = (query) => {
  const { collection } = query;
  if (collection) return collection.root;
  throw lookupError(
    `the \`root\` of the \`@${query.scope.kind}\` scope is inaccessible; ` +
      'you might want to query a `@collection` scope?',
  );
};

/** A variable, else a procedure, else a constant. */
function variable(name: string): Evaluate {
  return (query) => {
    const value = query.variable(name);
    if (value !== undefined) return value;
    const procedure = query.scope.kind === 'node' ? undefined : query.procedures.get(name);
    if (procedure) return procedure.closure;
    const constant = constants.get(name);
    if (constant !== undefined) return constant;
    throw lookupError(`variable \`${name}\` is undefined`);
  };
}

function requiredVariable(name: string): Evaluate {
  return (query) => {
    const value = query.variable(name);
    if (value === undefined) throw lookupError(`variable \`${name}\` is undefined`);
    return value;
  };
}

function readFloat(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[-+]/, '');
  if (digits === 'inf') return sign * Infinity;
  return digits === 'nan' ? Number.NaN : sign * readDouble(digits) || 0;
}

/** `null` when it does not fit 64 bits. */
function readInt(text: string): bigint | null {
  const digits = text.replace(/^[-+]/, '');
  // The real server takes an 8 among octal digits, and reads on no further.
  const clean = digits.startsWith('0o') ? digits.replace(/8.*$/, '') : digits;
  const size = BigInt(clean === '0o' ? 0 : clean);
  // The least int cannot be written: the real server reads the digits before the sign.
  if (BigInt.asIntN(64, size) !== size) return null;
  return text.startsWith('-') ? -size : size;
}
