import * as z from 'zod/mini';
import { checked } from './checked.js';
import { text, wholeNumber } from './single-checks.js';

/** Which names are asked about. */
export interface Page {
  /** Those after this one, in the order of their bytes. Default: from the first. */
  readonly after?: string | undefined;
  /** At most so many, 1 to 1,000. Default 100. */
  readonly limit?: number | undefined;
}

const WHOLE = 'expected a whole number, 1 to 1000';

const page = z.strictObject({
  after: z._default(text('expected text: the name that the page before has ended with'), ''),
  limit: z._default(wholeNumber(1, 1_000, WHOLE), 100),
});

/** @throws LockOptionsError */
export function checkedPage(options: Page): { after: string; limit: number } {
  return checked(page, options, 'query');
}
