import { numArgumentsError, see, typeError, valueError } from '../model/errors.js';
import { isValidName } from '../model/text.js';
import { isKind, type Kind, type KindMap, kindOf, typeName, type Value } from '../model/values/value.js';
import type { Evaluate } from './evaluate.js';
import type { Query } from './query.js';

/**
 * The arguments of one call in a program. ThingsDB's functions first check how many there are and then evaluate them
 * one by one. So the first error is always the same one.
 */
export class Args {
  readonly count: number;

  constructor(
    /** The function's name, for messages. */
    readonly name: string,
    readonly nodes: readonly Evaluate[],
    /** The arguments as they were written, for `assert`. */
    readonly texts: readonly string[],
  ) {
    this.count = nodes.length;
  }

  /** The same arguments for messages that name the function otherwise. */
  named(name: string): Args {
    return new Args(name, this.nodes, this.texts);
  }

  // --- how many; `page` is the page of the documentation that the message points at ---

  exactly(count: number, page: string): void {
    if (this.count !== count) this.#fail(`takes ${plural(count)}`, page);
  }

  atLeast(count: number, page: string): void {
    if (this.count < count) this.#fail(`requires at least ${plural(count)}`, page);
  }

  atMost(count: number, page: string): void {
    if (this.count > count) this.#fail(`takes at most ${plural(count)}`, page);
  }

  between(least: number, most: number, page: string): void {
    this.atLeast(least, page);
    this.atMost(most, page);
  }

  // --- what they are; positions count from 0 ---

  /** Evaluates one argument. */
  value(query: Query, at: number): Value {
    return (this.nodes[at] as Evaluate)(query);
  }

  /** Evaluates an argument that must be of `kind`, called `expected` in the message. */
  kind<K extends Kind>(query: Query, at: number, kind: K, page: string, expected: string = kind): KindMap[K] {
    const value = this.value(query, at);
    if (!isKind(value, kind)) throw this.expected(at, `\`${expected}\``, value, page);
    return value;
  }

  string(query: Query, at: number, page: string): string {
    const value = this.value(query, at);
    if (typeof value !== 'string') throw this.expected(at, '`str`', value, page);
    return value;
  }

  int(query: Query, at: number, page: string): bigint {
    const value = this.value(query, at);
    if (typeof value !== 'bigint') throw this.expected(at, '`int`', value, page);
    return value;
  }

  /** An int or a float. */
  number(query: Query, at: number, page: string): bigint | number {
    const value = this.value(query, at);
    if (typeof value !== 'bigint' && typeof value !== 'number') {
      throw this.expected(at, '`int` or `float`', value, page);
    }
    return value;
  }

  closure(query: Query, at: number, page: string): KindMap['closure'] {
    return this.kind(query, at, 'closure', page);
  }

  thing(query: Query, at: number, page: string): KindMap['thing'] {
    return this.kind(query, at, 'thing', page);
  }

  /** A list or tuple. */
  list(query: Query, at: number, page: string): KindMap['list'] {
    const value = this.value(query, at);
    if (!isKind(value, 'list')) throw this.expected(at, '`list` or `tuple`', value, page);
    return value;
  }

  /** A `datetime` or `timeval`. */
  dateTime(query: Query, at: number, page: string): KindMap['datetime'] {
    const value = this.value(query, at);
    if (!isKind(value, 'datetime')) throw this.expected(at, '`datetime` or `timeval`', value, page);
    return value;
  }

  /** Text that follows the naming rules. */
  validName(query: Query, at: number, page: string): string {
    const value = this.string(query, at, page);
    if (!isValidName(value)) {
      throw valueError(
        `function \`${this.name}\` expects argument ${at + 1} to follow the naming rules${see('overview/names')}`,
      );
    }
    return value;
  }

  /** The error for an argument of the wrong type; `expected` says which ones it takes, in backquotes. */
  expected(at: number, expected: string, value: Value, page: string): Error {
    return typeError(
      `function \`${this.name}\` expects argument ${at + 1} to be of type ${expected} ` +
        `but got type \`${typeName(value)}\` instead${see(page)}`,
    );
  }

  isKind(value: Value, kind: Kind): boolean {
    return kindOf(value) === kind;
  }

  #fail(rule: string, page: string): never {
    const were = this.count === 1 ? 'was' : 'were';
    throw numArgumentsError(`function \`${this.name}\` ${rule} but ${this.count} ${were} given${see(page)}`);
  }
}

function plural(count: number): string {
  return `${count} argument${count === 1 ? '' : 's'}`;
}
