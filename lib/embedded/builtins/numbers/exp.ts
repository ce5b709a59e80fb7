/** ln 2 in two parts: the first has so few digits that its multiples are exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** As far as the series has to go for 64 digits of precision, for arguments up to ln 2 / 2. */
const TERMS = 24;

/** A sum of two numbers that do not overlap: twice the precision of one. */
type Double = readonly [high: number, low: number];

const fastSum = (a: number, b: number): Double => {
  const high = a + b;
  return [high, b - (high - a)];
};

const sum = (a: number, b: number): Double => {
  const high = a + b;
  const part = high - a;
  return [high, a - (high - part) + (b - part)];
};

/** The product with its error. */
function product(a: number, b: number): Double {
  const high = a * b;
  const [aHigh, aLow] = halves(a);
  const [bHigh, bLow] = halves(b);
  return [high, aLow * bLow - (high - aHigh * bHigh - aLow * bHigh - aHigh * bLow)];
}

function halves(value: number): Double {
  const scaled = 134217729 * value;
  const high = scaled - (scaled - value);
  return [high, value - high];
}

function times([a, aLow]: Double, [b, bLow]: Double): Double {
  const [high, low] = product(a, b);
  return fastSum(high, low + (a * bLow + aLow * b));
}

function plus([a, aLow]: Double, [b, bLow]: Double): Double {
  const [high, low] = sum(a, b);
  return fastSum(high, low + aLow + bLow);
}

/** `e ** value`, correct in the last digit, as a C library gives it and JavaScript does not. */
export function exp(value: number): number {
  const rough = Math.exp(value);
  if (!Number.isFinite(rough) || rough < 1e-290 || value === 0) return rough;
  const power = Math.round(value / Math.LN2);
  const [high, low] = sum(value - power * LN2_HIGH, -power * LN2_LOW);
  const rest: Double = [high, low];
  // Horner: 1 + x (1 + x/2 (1 + x/3 (...)))
  let result: Double = [1, 0];
  for (let term = TERMS; term > 0; term -= 1) {
    const scaled = times(result, rest);
    const quotient = scaled[0] / term;
    const [back, backLow] = product(quotient, term);
    const remainder = scaled[0] - back - backLow + scaled[1];
    result = plus([1, 0], [quotient, remainder / term]);
  }
  // In two steps: a power of two may be beyond the numbers where the result is not.
  const half = Math.trunc(power / 2);
  return (result[0] + result[1]) * 2 ** half * 2 ** (power - half);
}
