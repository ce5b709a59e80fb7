import { overflowError, typeError } from '../../model/errors.js';
import { isTrue } from '../../model/values/truth.js';
import { typeName, type Value } from '../../model/values/value.js';

const MIN_INT = -9223372036854775808n;

/**
 * What the signs before a value do to it. ThingsDB sums them up before it looks at the value. It counts `-`, `!` and
 * `~`, and notes which comes first and whether the last is a `!`.
 */
export function signsOf(text: string): ((value: Value) => Value) | null {
  const signs = text.replace(/\s/g, '');
  if (!signs) return null;
  const first = signs[0] as string;
  const nots = count(signs, '!');
  const inverts = count(signs, '~') % 2 === 1;
  const beforeNot = nots ? signs.slice(0, signs.indexOf('!')) : signs;
  const negative = count(beforeNot, '-') % 2 === 1;
  const asNumber = first !== '!';
  const bitwise = first === '~';
  const requiresNumber = !signs.endsWith('!');
  return (value) => {
    if (requiresNumber && !isNumber(value)) {
      throw typeError(`\`${bitwise ? '~' : '-/+'}\` not supported by type \`${typeName(value)}\``);
    }
    if (nots) {
      const truth = (nots % 2 === 1) !== isTrue(value);
      if (!asNumber && !inverts) return truth;
      const number = negative && truth ? -1n : truth ? 1n : 0n;
      return inverts ? ~number : number;
    }
    if (bitwise) return invert(value, inverts, negative);
    return negate(value, negative);
  };
}

const isNumber = (value: Value): boolean =>
  typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean';

function count(text: string, sign: string): number {
  return text.split(sign).length - 1;
}

function invert(value: Value, inverts: boolean, negative: boolean): Value {
  if (typeof value === 'number') throw typeError('`~` not supported by type `float`');
  const number = negate(value, negative) as bigint;
  return inverts ? ~number : number;
}

function negate(value: Value, negative: boolean): Value {
  if (typeof value === 'boolean') return negative && value ? -1n : value ? 1n : 0n;
  if (!negative) return value;
  if (value === MIN_INT) throw overflowError();
  return typeof value === 'bigint' ? -value : -(value as number);
}
