import { fromByteString, isUtf8 } from '../text.js';
import { EnumType } from './enum-type.js';
import { ThingType } from './thing-type.js';
import { kindOf, type Value } from './value.js';

/** The names that a definition may use for values of the language. */
export const baseNames = [
  'any',
  'thing',
  'raw',
  'str',
  'utf8',
  'bytes',
  'int',
  'uint',
  'pint',
  'nint',
  'float',
  'number',
  'bool',
  '[]',
  '{}',
  'datetime',
  'timeval',
  'regex',
  'closure',
  'error',
  'room',
  'task',
  'email',
  'url',
  'tel',
  'enum',
] as const;

export type BaseName = (typeof baseNames)[number];

/** Why a value does not fit: its type, or a rule beyond the type. */
export type Mismatch = 'type' | 'utf8' | 'uint' | 'pint' | 'nint' | 'email' | 'url' | 'tel';

const email = /^[a-zA-Z0-9.!#$%%&’*+/=?^_`{|}~-]+@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*$/;
const url = /^(https?|ftp):\/\/[-a-zA-Z0-9@:%%._+~#=]{1,256}\b([-a-zA-Z0-9@:%%_+.~#?&//=]*)$/;
const tel = /^[+]?(\([0-9]{1,4}\)[-\s.]?){0,2}([0-9]{1,4}[-\s]?){3,5}$/;

/** The three patterns that have names. */
export const textPattern = { email, url, tel } as const;

const textBases: readonly string[] = ['str', 'utf8', 'email', 'url', 'tel'];
const intBases: readonly string[] = ['int', 'uint', 'pint', 'nint'];

/** What values are allowed: a name of the language, a type or an enumeration, perhaps `nil` too. */
export class Restriction {
  constructor(
    readonly base: BaseName | ThingType | EnumType,
    readonly isNillable = false,
  ) {}

  get text(): string {
    const { base } = this;
    return (typeof base === 'string' ? base : base.name) + (this.isNillable ? '?' : '');
  }

  equals(other: Restriction): boolean {
    return this.base === other.base && this.isNillable === other.isNillable;
  }

  /** `null` when the value is allowed. */
  mismatch(value: Value): Mismatch | null {
    const { base } = this;
    if (value === null && this.isNillable) return null;
    if (base instanceof ThingType) {
      return typeof value === 'object' && value?.kind === 'thing' && value.type === base ? null : 'type';
    }
    if (base instanceof EnumType) {
      return typeof value === 'object' && value?.kind === 'member' && value.enumType === base ? null : 'type';
    }
    return baseMismatch(base, value);
  }

  allows(value: Value): boolean {
    return this.mismatch(value) === null;
  }
}

function baseMismatch(base: BaseName, value: Value): Mismatch | null {
  const kind = kindOf(value);
  if (textBases.includes(base)) return typeof value === 'string' ? textMismatch(base, value) : 'type';
  if (intBases.includes(base)) return typeof value === 'bigint' ? intMismatch(base, value) : 'type';
  switch (base) {
    case 'any':
      return null;
    case 'raw':
      return kind === 'str' || kind === 'bytes' || kind === 'mpdata' ? null : 'type';
    case 'number':
      return kind === 'int' || kind === 'float' ? null : 'type';
    case '[]':
      return kind === 'list' ? null : 'type';
    case '{}':
      return kind === 'set' ? null : 'type';
    case 'enum':
      return kind === 'member' || kind === 'nil' ? null : 'type';
    case 'datetime':
    case 'timeval':
      return typeof value === 'object' && value?.kind === 'datetime' && value.typeName === base
        ? null
        : 'type';
    default:
      return kind === base ? null : 'type';
  }
}

function textMismatch(base: string, value: string): Mismatch | null {
  if (base === 'utf8') return isUtf8(value) ? null : 'utf8';
  if (base === 'str') return null;
  const pattern = textPattern[base as keyof typeof textPattern];
  return value === '' || pattern.test(fromByteString(value)) ? null : (base as Mismatch);
}

function intMismatch(base: string, value: bigint): Mismatch | null {
  if (base === 'uint' && value < 0n) return 'uint';
  if (base === 'pint' && value <= 0n) return 'pint';
  if (base === 'nint' && value >= 0n) return 'nint';
  return null;
}
