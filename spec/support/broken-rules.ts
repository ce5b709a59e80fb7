import { checkHistory } from '../chaos/check-history.js';
import type { Rule } from '../chaos/violation.js';
import type { Story } from './chaos-story.js';

/** The rules that the checker finds broken in a story. */
export function brokenRules(story: Story, endMs?: number): Rule[] {
  const { violations } = checkHistory(story.records(endMs));
  return [...new Set(violations.map(({ rule }) => rule))].sort();
}
