import { inspect, type InspectOptionsStylized } from 'node:util';

/**
 * What `console.log` and `util.inspect` show of an object: these facts in place of its inner state. An id is the right to
 * release, so none is ever among them.
 */
export function shown(title: string, facts: object, depth: number, options: InspectOptionsStylized): string {
  if (depth < 0) return options.stylize(`[${title}]`, 'special');
  return `${title} ${inspect(facts, { ...options, depth })}`;
}

/** One name, or several. */
export function shownNames(names: readonly string[]): object {
  return names.length === 1 ? { name: names[0] } : { names };
}
