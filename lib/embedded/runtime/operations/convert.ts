import { printPretty } from '../../language/printer.js';
import { madeText, spendScan } from '../../model/budget.js';
import { overflowError, typeError, valueError } from '../../model/errors.js';
import { isUtf8 } from '../../model/text.js';
import { Bytes } from '../../model/values/bytes.js';
import { typeName, type Value } from '../../model/values/value.js';
import { dateTimeText } from './date-time-text.js';
import { intOf } from './operators.js';

/** A float as C's `%g` writes it. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  return generalText(value, 6);
}

/** A finite float as C's `%.*g` writes it: half way goes to the even digit. */
export function generalText(value: number, precision: number): string {
  const [rounded = '', exponentText = '0'] = value.toExponential(precision - 1).split('e');
  const digits = toEven(rounded, value, precision);
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= precision) {
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${trimZeros(digits)}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  const sign = value < 0 ? '-' : '';
  const plain = digits.replace(/[-.]/g, '');
  if (exponent < 0) return trimZeros(`${sign}0.${'0'.repeat(-exponent - 1)}${plain}`);
  return trimZeros(`${sign}${plain.slice(0, exponent + 1)}.${plain.slice(exponent + 1)}`);
}

/** JavaScript takes the larger of two digits as near: the even one instead. */
function toEven(rounded: string, value: number, precision: number): string {
  const last = Number(rounded.at(-1));
  if (last % 2 === 0) return rounded;
  const exact = value.toExponential(Math.min(100, precision + 30)).split('e')[0] ?? '';
  if (!/^50*$/.test(exact.replace(/[-.]/g, '').slice(precision))) return rounded;
  return `${rounded.slice(0, -1)}${last - 1}`;
}

function trimZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0*$/, '') : digits;
}

/** `str(value)`; throws -61 for what has no text. */
export function toText(value: Value): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return floatText(value);
    default:
      return value === null ? 'nil' : objectText(value);
  }
}

function objectText(value: Extract<Value, object>): string {
  const idText = (name: string, id: bigint): string => (id ? `${name}:${id}` : `${name}:nil`);
  switch (value.kind) {
    case 'bytes':
      spendScan(value.data.length);
      if (!isUtf8(value.data)) throw valueError('binary data has no valid UTF8 encoding');
      return value.data;
    case 'regex':
      return value.text;
    case 'error':
      return value.message;
    case 'datetime':
      return dateTimeText(value);
    case 'member':
      return toText(value.value);
    case 'closure':
      return madeText(printPretty(value.source, value.node));
    case 'thing':
      return idText(value.typeName, value.id);
    case 'wrap':
    case 'wano':
      return idText(value.typeName, value.thing.id);
    case 'room':
      return idText('room', value.id);
    case 'task':
      return idText('task', value.id);
    case 'ano':
      return '<anonymous>';
    default:
      throw typeError(`cannot convert type \`${typeName(value)}\` to \`str\``);
  }
}

/** `int(value)` */
export function toInt(value: Value): bigint {
  switch (typeof value) {
    case 'bigint':
      return value;
    case 'number':
      return intOf(value);
    case 'boolean':
      return value ? 1n : 0n;
    case 'string':
      return parseInteger(value);
    default:
      if (value?.kind === 'datetime') return BigInt(value.seconds);
      if (value?.kind === 'error') return BigInt(value.code);
      if (value?.kind === 'member') return toInt(value.value);
      throw typeError(`cannot convert type \`${typeName(value)}\` to \`int\``);
  }
}

/**
 * As C's `strtoll` with base 0. Takes blanks, a sign, `0x` or a leading `0` for octal, up to the first other character.
 */
function parseInteger(text: string): bigint {
  spendScan(text.length);
  const [, sign = '', hex, octal, decimal] =
    /^[\s]*([-+]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([0-9]+))/.exec(text) ?? [];
  const digits = hex !== undefined ? `0x${hex}` : octal !== undefined ? `0o${octal}` : (decimal ?? '0');
  const value = BigInt(digits);
  const signed = sign === '-' ? -value : value;
  if (BigInt.asIntN(64, signed) !== signed) throw overflowError();
  return signed;
}

/** `float(value)` */
export function toFloat(value: Value): number {
  switch (typeof value) {
    case 'number':
      return value;
    case 'bigint':
      return Number(value);
    case 'boolean':
      return value ? 1 : 0;
    case 'string':
      return parseFloatText(value);
    default:
      if (value?.kind === 'datetime') return value.seconds;
      if (value?.kind === 'error') return value.code;
      if (value?.kind === 'member') return toFloat(value.value);
      throw typeError(`cannot convert type \`${typeName(value)}\` to \`float\``);
  }
}

/** As C's `strtod`. */
function parseFloatText(text: string): number {
  spendScan(text.length);
  const [, sign = '', word = ''] = strtod.exec(text) ?? [];
  const lower = word.toLowerCase();
  const value = lower.startsWith('inf') ? Infinity : lower === 'nan' ? Number.NaN : readDouble(lower || '0');
  // One that is too small to be written is the least of all, whatever its sign. So the real server reads it.
  return sign === '-' && value !== -Infinity ? -value : value;
}

const strtod =
  /^\s*([-+]?)(inf(?:inity)?|nan|0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[-+]?[0-9]+)?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?)/i;

const LEAST_NORMAL = 2.2250738585072014e-308;

/** The size of a float, from small letters without a sign; less than all for one that is too small. */
export function readDouble(digits: string): number {
  const value = digits.startsWith('0x') ? readHexDouble(digits.slice(2)) : Number(digits);
  const isTooSmall = value < LEAST_NORMAL && (value !== 0 || /[1-9]/.test(digits.replace(/[ep].*/, '')));
  return isTooSmall ? -Infinity : value;
}

function readHexDouble(digits: string): number {
  const [mantissa = '', exponent = '0'] = digits.split('p');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
}

/** `bytes(value)` */
export function toBytes(value: Value): Bytes {
  if (typeof value === 'string') return new Bytes(value);
  if (typeof value === 'object' && value?.kind === 'bytes') return value;
  if (typeof value === 'object' && value?.kind === 'mpdata') return new Bytes(value.data);
  if (typeof value === 'object' && value?.kind === 'member') return toBytes(value.value);
  throw typeError(`cannot convert type \`${typeName(value)}\` to \`bytes\``);
}
