import * as z from 'zod/mini';

// One kind of schema for all single values: each kind of zod's own is more code in the bundle of a service.

export const text = (error: string) => z.custom<string>((value) => typeof value === 'string', error);

export const textLike = (pattern: RegExp, error: string) =>
  z.custom<string>((value) => typeof value === 'string' && pattern.test(value), error);

export const flag = () => z.custom<boolean>((value) => typeof value === 'boolean', 'expected true or false');

export const oneOf = <const Value>(values: readonly Value[], error: string) =>
  z.custom<Value>((value) => values.includes(value), error);

/** @param tooMuch what is wrong with a whole number above `most` */
export const wholeNumber = (least: number, most: number, error: string, tooMuch = error) =>
  z.custom<number>((value) => Number.isSafeInteger(value) && value >= least && value <= most, {
    error: ({ input }) => (Number.isSafeInteger(input) && (input as number) > most ? tooMuch : error),
  });
