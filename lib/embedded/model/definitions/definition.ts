import {
  lookupError,
  maxQuotaError,
  operationError,
  overflowError,
  see,
  typeError,
  valueError,
} from '../errors.js';
import { fromByteString, isAscii, toByteString } from '../text.js';
import { type Condition, LengthCondition, PatternCondition, RangeCondition } from '../values/condition.js';
import { EnumType } from '../values/enum-type.js';
import { Field, type WrapFlags } from '../values/field.js';
import { List } from '../values/list.js';
import { Regex } from '../values/regex.js';
import { type BaseName, baseNames, Restriction, textPattern } from '../values/restriction.js';
import { ThingSet } from '../values/thing-set.js';
import { ThingType } from '../values/thing-type.js';
import { Thing } from '../values/thing.js';
import type { Value } from '../values/value.js';
import { type Defaults, defaultValue } from './default-value.js';

/** Properties of a type that refer to the type itself. */
const MAX_SELF_REFERENCES = 255;

const flagNames: Readonly<Record<string, keyof WrapFlags>> = {
  '&': 'sameDepth',
  '-': 'minDepth',
  '+': 'maxDepth',
  '^': 'withoutIds',
  '*': 'enumName',
  '?': 'skipNil',
  '!': 'skipFalse',
};

/** Reads the definition of a property, such as `[Inner]`, `str<1:10>` or `thing<int>?`. */
export function readDefinition(type: ThingType, name: string, definition: string, defaults: Defaults): Field {
  return new DefinitionReader(type, name, definition, defaults).read();
}

class DefinitionReader {
  readonly #type: ThingType;
  readonly #name: string;
  readonly #definition: string;
  readonly #defaults: Defaults;
  #flags: { -readonly [K in keyof WrapFlags]: boolean } = {
    sameDepth: false,
    minDepth: false,
    maxDepth: false,
    withoutIds: false,
    enumName: false,
    skipNil: false,
    skipFalse: false,
  };

  constructor(type: ThingType, name: string, definition: string, defaults: Defaults) {
    this.#type = type;
    this.#name = name;
    this.#definition = definition;
    this.#defaults = defaults;
  }

  read(): Field {
    if (!this.#definition) throw this.#invalid('type declarations must not be empty');
    let text = this.#readFlags();
    const isNillable = text.endsWith('?');
    if (isNillable) text = text.slice(0, -1);
    if (!text) throw this.#unreadable();
    const field = this.#nestedField(text, isNillable) ?? this.#plainField(text, isNillable);
    if (this.#flags.skipNil && !isNillable && field.restriction.base !== 'any') {
      throw typeError(this.#message('skip nil flags for property which cannot contain nil'));
    }
    return field;
  }

  #readFlags(): string {
    let at = 0;
    for (
      let flag = flagNames[this.#definition[at] ?? ''];
      flag;
      flag = flagNames[this.#definition[at] ?? '']
    ) {
      if (this.#flags[flag]) throw this.#invalid('duplicate flags');
      this.#flags[flag] = true;
      at += 1;
    }
    if (at === this.#definition.length) throw this.#invalid('missing declaration after flags');
    if (this.#flags.minDepth && this.#flags.maxDepth) throw this.#invalid('conflicting flags `-` and `+`');
    return this.#definition.slice(at);
  }

  /** `[...]`, `{...}` and `thing<...>` */
  #nestedField(text: string, isNillable: boolean): Field | null {
    const shapes = [
      ['[', ']', '[]'],
      ['{', '}', '{}'],
      ['thing<', '>', 'thing'],
    ] as const;
    const shape = shapes.find(([open]) => text.startsWith(open) && (open.length === 1 || text.length > 6));
    if (!shape) return null;
    const [open, close, base] = shape;
    if (!text.endsWith(close) || text.length < open.length + close.length) throw this.#unreadable();
    const inner = text.slice(open.length, -close.length);
    const nested = inner ? this.#nestedRestriction(inner, base) : null;
    const make = (): Value => {
      if (base === '[]') return new List([]);
      if (base === '{}') return new ThingSet();
      const thing = new Thing(this.#type.heap);
      thing.restriction = nested;
      return thing;
    };
    return this.#field(new Restriction(base, isNillable), nested, null, isNillable ? () => null : make);
  }

  #nestedRestriction(inner: string, base: '[]' | '{}' | 'thing'): Restriction | null {
    const isNillable = inner.endsWith('?');
    const text = isNillable ? inner.slice(0, -1) : inner;
    if (!text) throw this.#unreadable();
    if (text.startsWith('/')) throw this.#invalid('nested pattern conditions are not allowed');
    if (text.endsWith('>')) throw this.#invalid('nested range conditions are not allowed');
    if (text.startsWith('['))
      throw this.#invalid('unexpected `[`; nested array declarations are not allowed');
    if (text.startsWith('{')) throw this.#invalid('unexpected `{`; nested set declarations are not allowed');
    if (text.endsWith('}')) throw this.#nestedEnumDefault(text, base);
    const named = this.#base(text);
    if (base === '{}') {
      if (isNillable) throw typeError(this.#message('type `set` cannot contain a nillable type'));
      if (named instanceof EnumType) {
        throw typeError(this.#message(`type \`set\` cannot contain enum type \`${named.name}\``));
      }
      if (named === 'any' || named === 'thing') return null;
      if (!(named instanceof ThingType)) {
        throw typeError(this.#message(`type \`set\` cannot contain type \`${approximate(named)}\``));
      }
    }
    return named === 'any' ? null : new Restriction(named, isNillable);
  }

  /** Lists, sets and things of members can have no default. */
  #nestedEnumDefault(text: string, base: '[]' | '{}' | 'thing'): Error {
    const open = text.indexOf('{');
    const name = open < 0 ? text : text.slice(0, open);
    if (!this.#type.heap.enums.has(name)) {
      return typeError(this.#message(`unknown type \`${name}\` in declaration`));
    }
    const kind = { '[]': 'list', '{}': 'set', thing: 'thing' }[base];
    const value = base === '{}' ? '' : ' with a default value';
    return typeError(this.#message(`type \`${kind}\` cannot contain enum type \`${name}\`${value}`));
  }

  #plainField(text: string, isNillable: boolean): Field {
    if (text.startsWith('/')) return this.#patternField(text, isNillable);
    if (text.endsWith('>')) return this.#conditionField(text, isNillable);
    if (text.endsWith('}')) {
      const withDefault = this.#enumDefault(text, isNillable);
      if (withDefault) return withDefault;
    }
    const base = this.#base(text);
    if (base instanceof ThingType && !isNillable) this.#checkDependency(base);
    const make = isNillable ? () => null : () => defaultValue(base, this.#type.heap, this.#defaults);
    return this.#field(new Restriction(base, base === 'any' ? false : isNillable), null, null, make);
  }

  #checkDependency(base: ThingType): void {
    if (this.#type.isWrapOnly) return;
    if (base === this.#type || dependsOn(base, this.#type, new Set())) {
      throw this.#invalid(
        `missing \`?\` after declaration \`${this.#definition}\`; circular dependencies must be nillable ` +
          'at least at one point in the chain',
      );
    }
    if (base.isWrapOnly) {
      throw typeError(
        this.#message(
          'when depending on a type in wrap-only mode, both types must have wrap-only mode enabled; either add ' +
            `a \`?\` to make the dependency nillable or make \`${this.#type.name}\` a wrap-only type as well`,
        ),
      );
    }
  }

  #base(text: string): BaseName | ThingType | EnumType {
    if (baseNames.includes(text as BaseName)) return text as BaseName;
    if (text === this.#type.name) return this.#self();
    const base = this.#type.heap.types.get(text) ?? this.#type.heap.enums.get(text);
    if (base) return this.#unlocked(base);
    if (!isAscii(text)) throw this.#invalid('type declarations must only contain valid ASCII characters');
    throw typeError(this.#message(`unknown type \`${text}\` in declaration`));
  }

  /**
   * A type inside of another one has its name. There the name stands for the first type that was made, as on a node.
   */
  #self(): BaseName | ThingType {
    const type = this.#type;
    if (type.id < 0) return type.heap.typeById(0) ?? 'thing';
    const count = type.fields.filter(
      ({ restriction, nested }) => (nested ?? restriction).base === type,
    ).length;
    if (count >= MAX_SELF_REFERENCES) {
      throw maxQuotaError(this.#message('maximum number of self references has been reached'));
    }
    return type;
  }

  /** A definition may name no type that is being changed. */
  #unlocked<T extends ThingType | EnumType>(base: T): T {
    if (!base.uses) return base;
    const what = base instanceof ThingType ? 'type' : 'enum';
    throw operationError(
      this.#message(
        `cannot assign ${what === 'enum' ? 'enum type' : 'type'} \`${base.name}\` while the ${what} is in use`,
      ),
    );
  }

  /** `Color{RED}` */
  #enumDefault(text: string, isNillable: boolean): Field | null {
    const [, name = text, memberName = ''] = /^([^{]*)\{([^]*)\}$/.exec(text) ?? [];
    const enumType = this.#type.heap.enums.get(name);
    if (!enumType) throw typeError(this.#message(`unknown type \`${name}\` in declaration`));
    if (!memberName) {
      throw typeError(
        this.#message(
          'if you want the default enum member, remove the curly brackets `{}` from the definition',
        ),
      );
    }
    const member = enumType.member(memberName);
    if (!member) {
      throw lookupError(this.#message(`cannot find member \`${memberName}\` on enum type \`${name}\``));
    }
    return this.#field(new Restriction(enumType, isNillable), null, null, () => member);
  }

  /** `/pattern/` and `/pattern/<default>` */
  #patternField(text: string, isNillable: boolean): Field {
    const [, pattern = text, given] = /^([^]*\/i?)<([^<]*)>$/.exec(text) ?? [];
    if (!/\/i?$/.test(pattern) || pattern.length < 2)
      throw this.#invalid('pattern condition syntax is invalid');
    const regex = new Regex(pattern);
    const value = given ?? (isNillable ? null : '');
    if (value !== null && !regex.test(value)) {
      throw this.#invalid(
        'a non-nillable pattern requires a valid default value; for example: /(e|h|l|o)+/<hello>',
      );
    }
    const restriction = new Restriction('str', isNillable);
    return this.#field(restriction, null, new PatternCondition(regex, null), () => value);
  }

  /** `int<0:10>`, `str<1:20:default>`, `bool<true>`, `email<a@b.c>` */
  #conditionField(text: string, isNillable: boolean): Field {
    const base = conditionBases.find((name) => text.startsWith(name) && text.length > name.length);
    if (!base) {
      throw this.#invalid(
        'additional info <..> can be applied to `int`, `float`, `str`, `email`, `url` and `tel`',
      );
    }
    if (text[base.length] !== '<')
      throw this.#invalid(`expecting a \`<\` character after \`${this.#upTo(text, base.length)}\``);
    const restriction = (name: BaseName): Restriction => new Restriction(name, isNillable);
    switch (base) {
      case 'bool':
        if (text !== 'bool<true>' && text !== 'bool<false>') {
          throw this.#invalid('the default value must be either true or false');
        }
        return this.#field(restriction('bool'), null, null, () => text === 'bool<true>');
      case 'email':
      case 'url':
      case 'tel':
        return this.#namedPatternField(restriction('str'), base, text.slice(base.length + 1, -1));
      case 'str':
      case 'utf8':
        return this.#lengthField(restriction('str'), text, base);
      case 'int':
        return this.#rangeField(restriction('int'), text, base, readInt, 0n, 9223372036854775807n);
      case 'float':
        return this.#rangeField(restriction('float'), text, base, readFloat, 0, Infinity);
    }
  }

  #namedPatternField(restriction: Restriction, name: 'email' | 'url' | 'tel', given: string): Field {
    const hint = { email: 'an email address', url: 'a URL', tel: 'a telephone number' }[name];
    const pattern = textPattern[name];
    if (!pattern.test(fromByteString(given))) throw this.#invalid(`the default value must be ${hint}`);
    const regex = new Regex(`/${toByteString(pattern.source)}/`);
    return this.#field(restriction, null, new PatternCondition(regex, hint), () => given);
  }

  #lengthField(restriction: Restriction, text: string, base: 'str' | 'utf8'): Field {
    const range = new RangeReader(text, base.length + 1);
    const least = Number(range.number(readInt) ?? 0n);
    if (least < 0) throw this.#invalid('the minimum value for a string range must not be negative');
    if (!range.colon()) throw this.#missingColon();
    const most = Number(range.number(readInt) ?? Infinity);
    if (most < least) throw this.#smallerMaximum();
    const given = range.colon() ? range.rest() : null;
    if (given !== null && (given.length < least || given.length > most)) throw this.#badDefault();
    this.#requireEnd(text, range);
    const value = given ?? (restriction.isNillable ? null : '-'.repeat(least));
    return this.#field(restriction, null, new LengthCondition(least, most, base === 'utf8'), () => value);
  }

  #rangeField<T extends bigint | number>(
    restriction: Restriction,
    text: string,
    base: string,
    read: NumberReader<T>,
    zero: T,
    limit: T,
  ): Field {
    const range = new RangeReader(text, base.length + 1);
    const number = (): T | null => {
      const value = range.number(read);
      if (!Number.isNaN(value)) return value;
      throw this.#invalid('not-a-number (nan) values are not allowed to specify a range');
    };
    const least = number() ?? zero;
    if (!range.colon()) throw this.#missingColon();
    const most = number() ?? limit;
    if (most < least) throw this.#smallerMaximum();
    const natural = most < zero ? most : least > zero ? least : zero;
    let value: T | null = restriction.isNillable ? null : natural;
    if (range.colon()) {
      value = number() ?? zero;
      if (value < least || value > most) throw this.#badDefault();
    }
    this.#requireEnd(text, range);
    return this.#field(restriction, null, new RangeCondition(least, most), () => value);
  }

  /** The definition as it was written, up to a place in the part behind its flags. */
  #upTo(text: string, length: number): string {
    return this.#definition.slice(0, this.#definition.indexOf(text) + length);
  }

  #requireEnd(text: string, range: RangeReader): void {
    if (range.position === text.length - 1) return;
    throw this.#invalid(`expecting character \`>\` after \`${this.#upTo(text, range.position)}\``);
  }

  #missingColon(): Error {
    return this.#invalid('expecting a colon (:) after the minimum value of the range');
  }

  #field(
    restriction: Restriction,
    nested: Restriction | null,
    condition: Condition | null,
    defaultValue: () => Value,
  ): Field {
    return new Field(
      this.#type,
      this.#name,
      this.#definition,
      this.#flags,
      restriction,
      nested,
      condition,
      defaultValue,
    );
  }

  #unreadable(): Error {
    return this.#invalid(`expecting a valid type declaration but got \`${this.#definition}\` instead`);
  }

  #smallerMaximum(): Error {
    return this.#invalid('expecting the maximum value to be greater than or equal to the minimum value');
  }

  #badDefault(): Error {
    return this.#invalid('the provided default value does not match the condition');
  }

  #invalid(reason: string, page = 'overview/type'): Error {
    return valueError(this.#message(reason, page));
  }

  #message(reason: string, page = 'overview/type'): string {
    return `invalid declaration for \`${this.#name}\` on type \`${this.#type.name}\`; ${reason}${see(page)}`;
  }
}

/** Whether making a `type` makes a `target`, so that the other way round would never end. */
function dependsOn(type: ThingType, target: ThingType, seen: Set<ThingType>): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  return type.fields.some(({ restriction }) => {
    const { base, isNillable } = restriction;
    return base instanceof ThingType && !isNillable && (base === target || dependsOn(base, target, seen));
  });
}

/** What may have a rule behind it, in the order in which a node looks for them. */
const conditionBases = ['bool', 'str', 'int', 'float', 'email', 'url', 'utf8', 'tel'] as const;

/** Reads the number at the start of a text: its value, and how long it is. 0 long when there is none. */
type NumberReader<T> = (text: string) => { readonly value: T; readonly length: number };

/** Walks through `least:most:default`. */
class RangeReader {
  readonly #text: string;
  constructor(
    text: string,
    public position: number,
  ) {
    this.#text = text;
  }

  /** `null` when no number is there. */
  number<T>(read: NumberReader<T>): T | null {
    const { value, length } = read(this.#text.slice(this.position));
    this.position += length;
    return length ? value : null;
  }

  colon(): boolean {
    if (this.#text[this.position] !== ':') return false;
    this.position += 1;
    return true;
  }

  /** All up to the last character. */
  rest(): string {
    const rest = this.#text.slice(this.position, -1);
    this.position = this.#text.length - 1;
    return rest;
  }
}

function readInt(text: string): { value: bigint; length: number } {
  const [found = '', sign = '', digits = '0'] =
    /^\s*([-+]?)(0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+|\d+)/.exec(text) ?? [];
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
  if (BigInt.asIntN(64, value) !== value) throw overflowError();
  return { value, length: found.length };
}

function readFloat(text: string): { value: number; length: number } {
  const [found = '', sign = '', word = ''] =
    /^\s*([-+]?)(inf(?:inity)?|nan|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)/i.exec(text) ?? [];
  const lower = word.toLowerCase();
  const value = lower.startsWith('inf') ? Infinity : lower === 'nan' ? Number.NaN : Number(lower);
  return { value: sign === '-' ? -value : value, length: found.length };
}

/** ThingsDB names a definition's type loosely here. */
function approximate(base: BaseName): string {
  if (base === '[]') return 'list';
  if (base === '{}') return 'set';
  return base;
}
