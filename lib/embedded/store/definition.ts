import { lookupError, overflowError, see, typeError, valueError } from '../runtime/errors.js';
import { fromByteString, isAscii, toByteString } from '../runtime/text.js';
import { List } from '../runtime/values/list.js';
import { Regex } from '../runtime/values/regex.js';
import { Thing } from '../runtime/values/thing.js';
import { ThingSet } from '../runtime/values/thing-set.js';
import type { Value } from '../runtime/values/value.js';
import { type Defaults, defaultValue } from './default-value.js';
import type { Condition } from './condition.js';
import { LengthCondition, PatternCondition, RangeCondition } from './condition.js';
import { EnumType } from './enum-type.js';
import type { WrapFlags } from './field.js';
import { Field } from './field.js';
import type { BaseName } from './restriction.js';
import { baseNames, Restriction, textPattern } from './restriction.js';
import { ThingType } from './thing-type.js';

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
  #flags: { -readonly [K in keyof WrapFlags]: boolean } = {
    sameDepth: false,
    minDepth: false,
    maxDepth: false,
    withoutIds: false,
    enumName: false,
    skipNil: false,
    skipFalse: false,
  };

  constructor(
    private readonly type: ThingType,
    private readonly name: string,
    private readonly definition: string,
    private readonly defaults: Defaults,
  ) {}

  read(): Field {
    if (!this.definition) throw this.#invalid('type declarations must not be empty');
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
    for (let flag = flagNames[this.definition[at]!]; flag; flag = flagNames[this.definition[at] ?? '']) {
      if (this.#flags[flag]) throw this.#invalid('duplicate flags');
      this.#flags[flag] = true;
      at += 1;
    }
    if (at === this.definition.length) throw this.#invalid('missing declaration after flags');
    if (this.#flags.minDepth && this.#flags.maxDepth) throw this.#invalid('conflicting flags `-` and `+`');
    return this.definition.slice(at);
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
      const thing = new Thing(this.type.collection);
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

  #plainField(text: string, isNillable: boolean): Field {
    if (text.startsWith('/')) return this.#patternField(text, isNillable);
    if (text.endsWith('>')) return this.#conditionField(text, isNillable);
    if (text.endsWith('}')) {
      const withDefault = this.#enumDefault(text, isNillable);
      if (withDefault) return withDefault;
    }
    const base = this.#base(text);
    if (base instanceof ThingType && !isNillable) this.#checkDependency(base);
    const make = isNillable ? () => null : () => defaultValue(base, this.type.collection, this.defaults);
    return this.#field(new Restriction(base, base === 'any' ? false : isNillable), null, null, make);
  }

  #checkDependency(base: ThingType): void {
    if (this.type.isWrapOnly) return;
    if (base === this.type || dependsOn(base, this.type, new Set())) {
      throw this.#invalid(
        `missing \`?\` after declaration \`${this.definition}\`; circular dependencies must be nillable ` +
          'at least at one point in the chain',
      );
    }
    if (base.isWrapOnly) {
      throw typeError(
        this.#message(
          'when depending on a type in wrap-only mode, both types must have wrap-only mode enabled; either add ' +
            `a \`?\` to make the dependency nillable or make \`${this.type.name}\` a wrap-only type as well`,
        ),
      );
    }
  }

  #base(text: string): BaseName | ThingType | EnumType {
    if (baseNames.includes(text as BaseName)) return text as BaseName;
    if (text === this.type.name) return this.type;
    const base = this.type.collection.types.get(text) ?? this.type.collection.enums.get(text);
    if (base) return base;
    if (!isAscii(text)) throw this.#invalid('type declarations must only contain valid ASCII characters');
    throw typeError(this.#message(`unknown type \`${text}\` in declaration`));
  }

  /** `Color{RED}` */
  #enumDefault(text: string, isNillable: boolean): Field | null {
    const [, name = '', memberName = ''] = /^([^{]*)\{([^]*)\}$/.exec(text) ?? [];
    const enumType = this.type.collection.enums.get(name);
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
    const [, base = '', inner = ''] = /^([a-z0-9]*)<([^]*)>$/.exec(text) ?? [];
    const restriction = (name: BaseName): Restriction => new Restriction(name, isNillable);
    switch (base) {
      case 'bool':
        if (inner !== 'true' && inner !== 'false') {
          throw this.#invalid('the default value must be either true or false');
        }
        return this.#field(restriction('bool'), null, null, () => inner === 'true');
      case 'email':
      case 'url':
      case 'tel': {
        const hint = { email: 'an email address', url: 'a URL', tel: 'a telephone number' }[base];
        const pattern = textPattern[base];
        if (!pattern.test(fromByteString(inner))) throw this.#invalid(`the default value must be ${hint}`);
        const regex = new Regex(`/${toByteString(pattern.source)}/`);
        return this.#field(restriction('str'), null, new PatternCondition(regex, hint), () => inner);
      }
      case 'str':
      case 'utf8':
        return this.#lengthField(restriction('str'), inner, base === 'utf8');
      case 'int':
        return this.#rangeField(restriction('int'), inner, readInt, 0n);
      case 'float':
        return this.#rangeField(restriction('float'), inner, Number, 0);
      default:
        throw this.#invalid(
          'additional info <..> can be applied to `int`, `float`, `str`, `email`, `url` and `tel`',
        );
    }
  }

  #lengthField(restriction: Restriction, inner: string, requiresUtf8: boolean): Field {
    const [, low = '', colon, high = '', given] = /^([-+]?\d*)(:)?([-+]?\d*)(?::([^]*))?$/.exec(inner) ?? [];
    const least = Number(readInt(low || '0'));
    if (least < 0) throw this.#invalid('the minimum value for a string range must not be negative');
    if (!colon) throw this.#invalid('expecting a colon (:) after the minimum value of the range');
    const most = high ? Number(readInt(high)) : Infinity;
    if (most < least) throw this.#smallerMaximum();
    if (given !== undefined && (given.length < least || given.length > most)) throw this.#badDefault();
    const value = given ?? (restriction.isNillable ? null : '-'.repeat(least));
    return this.#field(restriction, null, new LengthCondition(least, most, requiresUtf8), () => value);
  }

  #rangeField<T extends bigint | number>(
    restriction: Restriction,
    inner: string,
    parse: (text: string) => T,
    zero: T,
  ): Field {
    const [low = '', high, given] = inner.split(':');
    if (high === undefined || !/^(?:[-+]?[0-9.]*(?:e[-+]?\d+)?|[-+]?inf|nan)$/.test(low))
      throw this.#invalid('expecting a colon (:) after the minimum value of the range');
    const least = low ? parse(low) : zero;
    const limit = (typeof zero === 'bigint' ? 9223372036854775807n : Infinity) as T;
    const most = high ? parse(high) : limit;
    if (Number.isNaN(least) || Number.isNaN(most)) {
      throw this.#invalid('not-a-number (nan) values are not allowed to specify a range');
    }
    if (most < least) throw this.#smallerMaximum();
    const natural = most < zero ? most : least > zero ? least : zero;
    const value = given !== undefined ? parse(given) : restriction.isNillable ? null : natural;
    if (value !== null && (value < least || value > most)) throw this.#badDefault();
    return this.#field(restriction, null, new RangeCondition(least, most), () => value);
  }

  #field(
    restriction: Restriction,
    nested: Restriction | null,
    condition: Condition | null,
    defaultValue: () => Value,
  ): Field {
    const { type, name, definition } = this;
    return new Field(type, name, definition, this.#flags, restriction, nested, condition, defaultValue);
  }

  #unreadable(): Error {
    return this.#invalid(`expecting a valid type declaration but got \`${this.definition}\` instead`);
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
    return `invalid declaration for \`${this.name}\` on type \`${this.type.name}\`; ${reason}${see(page)}`;
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

function readInt(text: string): bigint {
  const value = BigInt(/^[-+]?\d+/.exec(text)?.[0].replace('+', '') ?? '0');
  if (BigInt.asIntN(64, value) !== value) throw overflowError();
  return value;
}

/** ThingsDB names a definition's type loosely here. */
function approximate(base: BaseName): string {
  if (base === '[]') return 'list';
  if (base === '{}') return 'set';
  return base;
}
