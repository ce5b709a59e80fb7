import type { Chain, Index } from '../../language/ast.js';
import { lookupError, typeError } from '../../model/errors.js';
import type { ThingType } from '../../model/values/thing-type.js';
import type { Thing } from '../../model/values/thing.js';
import { kindOf, typeName, type Value } from '../../model/values/value.js';
import type { Args } from '../args.js';
import type { Evaluate } from '../evaluate.js';
import { setProperty } from '../operations/properties.js';
import { updateProperty, whileLocked } from '../operations/updates.js';
import type { Query } from '../query.js';
import { callClosure } from './call-named.js';
import type { ExpressionCompiler } from './expression-compiler.js';
import { compileIndex } from './index-compiler.js';

/** `value.name`, `value.name(...)`, `value.name = ...`, and what follows. */
export function compileChain(compiler: ExpressionCompiler, value: Evaluate, chain: Chain): Evaluate {
  const link = compileLink(compiler, value, chain);
  if (!chain.isOptional) return link;
  // Two dots: `nil` ends the whole rest of the chain, not just this link.
  const held: Evaluate = (query) => query.optional;
  const rest = compileLink(compiler, held, chain);
  return (query) => {
    const start = value(query);
    if (start === null) return null;
    query.optional = start;
    return rest(query);
  };
}

function compileLink(compiler: ExpressionCompiler, value: Evaluate, chain: Chain): Evaluate {
  const { link } = chain;
  let result: Evaluate;
  if (link.type === 'variable') result = property(value, link.name);
  else if (link.type === 'call') result = compileCall(compiler, value, link.name, compiler.args(link));
  else return assignment(value, link.name, link.operator, compiler.statement(link.value));
  result = compileIndexes(compiler, result, chain.indexes);
  return chain.next ? compileChain(compiler, result, chain.next) : result;
}

export function compileIndexes(
  compiler: ExpressionCompiler,
  value: Evaluate,
  indexes: readonly Index[],
): Evaluate {
  return indexes.reduce((inner, index) => compileIndex(compiler, inner, index), value);
}

function property(value: Evaluate, name: string): Evaluate {
  return (query) => {
    const thing = value(query);
    query.step();
    if (typeof thing !== 'object' || thing?.kind !== 'thing') {
      throw typeError(`type \`${typeName(thing)}\` has no properties`);
    }
    const found = thing.get(name);
    if (found !== undefined) return found;
    if (!thing.type) throw lookupError(`thing \`#${thing.id}\` has no property \`${name}\``);
    const method = thing.type.methods.get(name);
    if (method) return method;
    throw lookupError(`type \`${thing.type.name}\` has no property or method \`${name}\``);
  };
}

function assignment(value: Evaluate, name: string, operator: string, right: Evaluate): Evaluate {
  return (query) => {
    const thing = value(query);
    if (typeof thing !== 'object' || thing?.kind !== 'thing') {
      throw typeError(`cannot assign properties to \`${typeName(thing)}\` type`);
    }
    query.requireChange('thing', thing.id !== 0n);
    return whileLocked(thing, () => {
      const given = right(query);
      return operator === '='
        ? setProperty(query, thing, name, given)
        : updateProperty(thing, name, operator, given);
    });
  };
}

function compileCall(compiler: ExpressionCompiler, value: Evaluate, name: string, args: Args): Evaluate {
  const builtIn = compiler.registry.get(name);
  const calledAs = builtIn?.calledAs ?? name;
  const chain = builtIn?.chain as
    Readonly<Record<string, ((query: Query, args: Args, self: Value) => Value) | undefined>> | undefined;
  if (!chain) return (query) => callMethod(query, value(query), name, args);
  return (query) => {
    const self = value(query);
    query.step();
    const run = chain[kindOf(self)];
    return run ? run(query, args, self) : callMethod(query, self, calledAs, args);
  };
}

/** `value.name(...)` where the language has no such function for the value: a property, or a method of its type. */
export function callMethod(query: Query, self: Value, name: string, args: Args): Value {
  if (typeof self === 'object' && self !== null) {
    switch (self.kind) {
      case 'thing':
        return callOnThing(query, self, name, args);
      case 'wrap':
        if (self.type.isDeleted) break;
        return callTypeMethod(query, self.type, self.thing, name, args);
      case 'wano':
        return callTypeMethod(query, self.ano.type, self.thing, name, args);
      case 'ano': {
        const method = self.type.methods.get(name);
        if (method) return callClosure(query, method, args);
        throw lookupError(`type \`${self.type.name}\` has no method \`${name}\``);
      }
      case 'member': {
        const method = self.enumType.methods.get(name);
        if (method) return self.enumType.using(() => callClosure(query, method, args, self));
        throw lookupError(`enum \`${self.enumType.name}\` has no function \`${name}\``);
      }
      default:
    }
  }
  throw lookupError(`type \`${typeName(self)}\` has no function \`${name}\``);
}

function callOnThing(query: Query, thing: Thing, name: string, args: Args): Value {
  const { type } = thing;
  const method = type?.methods.get(name);
  if (type && method) return type.using(() => callClosure(query, method, args, thing));
  const value = thing.get(name);
  if (value === undefined) {
    throw lookupError(
      type
        ? `type \`${type.name}\` has no property or method \`${name}\``
        : `thing \`#${thing.id}\` has no property or method \`${name}\``,
    );
  }
  if (typeof value === 'object' && value?.kind === 'closure') return callClosure(query, value, args);
  throw typeError(`property \`${name}\` is of type \`${typeName(value)}\` and is not callable`);
}

function callTypeMethod(query: Query, type: ThingType, thing: Thing, name: string, args: Args): Value {
  const method = type.methods.get(name);
  if (!method) throw lookupError(`type \`${type.name}\` has no method \`${name}\``);
  return type.using(() => callClosure(query, method, args, thing));
}
