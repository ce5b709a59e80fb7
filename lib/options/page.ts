import { z } from 'zod';
import { parsed } from './option-checks.js';

/** Which names are asked about. */
export interface Page {
  /** Those after this one, in the order of their bytes. Default: from the first. */
  readonly after?: string | undefined;
  /** At most so many, 1 to 1,000. Default 100. */
  readonly limit?: number | undefined;
}

const page = z.strictObject({
  after: z.string().default(''),
  limit: z.int().min(1).max(1_000).default(100),
});

/** @throws LockOptionsError */
export function checkedPage(options: Page): { after: string; limit: number } {
  return parsed(page, options, 'query');
}
