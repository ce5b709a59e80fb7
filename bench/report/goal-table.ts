import type { Result } from '../result.js';
import { GOALS, isReached } from './goals.js';
import { shown } from './table.js';

/** In place of a verdict on what was not measured. */
export const UNJUDGED = '-';

/** The figures to reach, each with what was measured: of each of the results, the last one judged. */
export function goalCells(results: readonly (readonly [title: string, result: Result])[]): string[][] {
  const head = ['figure', 'goal', ...results.map(([title]) => title), 'reached'];
  return [
    head,
    ...GOALS.map((goal) => {
      const values = results.map(([, result]) => goal.value(result));
      const last = values.at(-1);
      const reached = last === undefined ? UNJUDGED : isReached(goal, last) ? 'yes' : 'no';
      const limit = goal.atLeast ?? goal.atMost ?? Number.NaN;
      const wanted = `${shown(limit, trimmed(limit))} or ${goal.atLeast === undefined ? 'less' : 'more'}`;
      const cells = values.map((value) => (value === undefined ? '-' : shown(value, goal.digits)));
      return [goal.text, limit === 0 ? '0' : wanted, ...cells, reached];
    }),
  ];
}

/** As many digits as the number has. */
function trimmed(value: number): number {
  return String(value).split('.')[1]?.length ?? 0;
}
