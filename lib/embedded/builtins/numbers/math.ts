import { overflowError, valueError } from '../../model/errors.js';
import type { Value } from '../../model/values/value.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { intOf } from '../../runtime/operations/operators.js';
import { exp } from './exp.js';

const MIN_INT = -9223372036854775808n;

/** A function of one number. */
function unary(name: string, apply: (value: bigint | number) => Value): BuiltIn {
  const page = `collection-api/math/${name}`;
  return {
    name,
    effects: effects.none,
    root: (query, args) => {
      args.exactly(1, page);
      return apply(args.number(query, 0, page));
    },
  };
}

function domainError(): Error {
  return valueError('math domain error');
}

const positive =
  (apply: (value: number) => number) =>
  (value: bigint | number): number => {
    if (Number(value) <= 0) throw domainError();
    return apply(Number(value));
  };

const finite =
  (apply: (value: number) => number) =>
  (value: bigint | number): number => {
    const number = Number(value);
    if (number === Infinity || number === -Infinity) throw domainError();
    return apply(number);
  };

/** Rounded as C does: one step of Newton on what JavaScript gives. */
function naturalLog(value: number): number {
  const near = Math.log(value);
  const power = Math.exp(near);
  const better = near + (2 * (value - power)) / (value + power);
  return Number.isFinite(better) ? better : near;
}

const rounding =
  (apply: (value: number) => number) =>
  (value: bigint | number): bigint =>
    typeof value === 'bigint' ? value : intOf(apply(value));

/** Half away from zero, as C rounds. */
const roundHalf = (value: number): number => Math.sign(value) * Math.round(Math.abs(value));

const round: BuiltIn = {
  name: 'round',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/math/round';
    args.between(1, 2, page);
    const value = args.number(query, 0, page);
    const scale = args.count === 1 ? 1 : Number(`1e${args.int(query, 1, page)}`);
    const rounded = roundHalf(Number(value) * scale) / scale;
    return typeof value === 'bigint' ? intOf(rounded) : rounded;
  },
};

const pow: BuiltIn = {
  name: 'pow',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/math/pow';
    args.exactly(2, page);
    const base = args.number(query, 0, page);
    const exponent = Number(args.number(query, 1, page));
    // C says 1 where JavaScript says NaN.
    if (base == 1 || (base == -1 && Math.abs(exponent) === Infinity)) return 1;
    return Math.pow(Number(base), exponent);
  },
};

const bitCount: BuiltIn = {
  name: 'bit_count',
  effects: effects.none,
  chain: {
    int: (_query, args, self) => {
      args.exactly(0, 'data-types/int/bit_count');
      return BigInt((self < 0n ? -self : self).toString(2).replaceAll('0', '').length);
    },
  },
};

export const mathFunctions: readonly BuiltIn[] = [
  unary('abs', (value) => {
    if (value === MIN_INT) throw overflowError();
    return value < 0 ? -value : value;
  }),
  unary('ceil', rounding(Math.ceil)),
  unary('floor', rounding(Math.floor)),
  unary('cos', finite(Math.cos)),
  unary('sin', finite(Math.sin)),
  unary('tan', finite(Math.tan)),
  unary('exp', (value) => exp(Number(value))),
  unary('log2', positive(Math.log2)),
  unary('log10', positive(Math.log10)),
  unary('loge', positive(naturalLog)),
  unary('sqrt', (value) => {
    if (Number(value) < 0) throw domainError();
    return Math.sqrt(Number(value));
  }),
  round,
  pow,
  bitCount,
];
