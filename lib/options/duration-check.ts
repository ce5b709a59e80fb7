import * as z from 'zod/mini';
import { expectedDuration, isWithin, milliseconds, type Duration } from './duration.js';

/** A duration within bounds, in milliseconds. */
export const duration = (leastMs: number, mostMs: number) =>
  z.pipe(
    z.custom<Duration>((value) => isWithin(milliseconds(value), leastMs, mostMs), {
      error: ({ input }) => expectedDuration(input, leastMs, mostMs),
    }),
    z.transform((value: Duration) => milliseconds(value) as number),
  );
