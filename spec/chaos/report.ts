import { excerpt } from './excerpt.js';
import { FAULT_TITLES, NODE_ENDS } from './fault-kinds.js';
import type { Figures } from './figures.js';
import type { Verdict } from './check-history.js';
import { drawViolation } from './picture.js';
import { RULES, type Rule } from './violation.js';

const MOST_SHOWN = 3;

/** The figures for people, the tables in Markdown. */
export function describeFigures(figures: Figures): string {
  const { seconds, processes, requests, grants, pairsInOrder } = figures;
  return [
    `${grants} grants of ${requests} requests by ${processes} processes in ${seconds} s`,
    ...describeEnds(figures),
    `granted: ${inWords(figures.granted)}`,
    `lost: ${inWords(figures.lost)}`,
    `not granted: ${inWords(figures.rejected)}`,
    `releases that found the lease gone: ${figures.releasesNotHeld}; without an answer: ${figures.releasesUnanswered}`,
    `writes with an old token, refused by the guarded resource: ${figures.staleWritesRefused}`,
    `pairs of requests compared for their order: ${pairsInOrder}`,
    `handed on: ${figures.handedOn}, adopted: ${figures.adopted}`,
    `watches: ${figures.watches}; grants and ends that they had to tell, and told: ${figures.seenByWatches}`,
    '',
    ...table(['fault', 'times injected', 'what the user of the library saw'], faultRows(figures)),
    '',
    ...table(
      ['broken', 'times'],
      Object.entries(figures.violations).map(([rule, times]) => [RULES[rule as Rule], `${times}`]),
    ),
  ].join('\n');
}

/** One run of several. */
export function inOneLine({ grants, faults, violations, runsOfDifferingNodes }: Figures): string {
  const injected = faults.reduce((sum, fault) => sum + fault.injected, 0);
  const ends = faults.filter(({ kind }) => NODE_ENDS.some((end) => end === kind));
  const broken = Object.entries(violations).filter(([, times]) => times > 0);
  return [
    `${grants} grants, ${injected} faults`,
    ...ends.map((fault) => `${fault.kind} ${fault.injected}`),
    runsOfDifferingNodes > 0 ? 'judged until the nodes differed' : 'to its end',
    broken.length === 0 ? 'nothing broken' : `BROKEN: ${inWords(Object.fromEntries(broken))}`,
  ].join(', ');
}

function describeEnds({ runs, runsOfDifferingNodes }: Figures): string[] {
  if (runsOfDifferingNodes === 0) return runs === 1 ? [] : [`${runs} runs, each to its end`];
  const which = runs === 1 ? '' : `${runsOfDifferingNodes} of ${runs} runs: `;
  return [`${which}judged until a node went on without a change: the nodes may differ from there on`];
}

/** The first violations, the shortest first, each with what shows it. */
export function describeViolations({ violations, run }: Verdict): string {
  const shown = violations
    .map((violation) => [excerpt(violation, run), ...drawViolation(violation, run)].join('\n'))
    .sort((a, b) => a.split('\n').length - b.split('\n').length)
    .slice(0, MOST_SHOWN);
  const rest = violations.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n\n');
}

function faultRows({ faults, seenWhileStarved, seenWithoutFault }: Figures): string[][] {
  const rows = faults.map(({ kind, injected, seen }) => [FAULT_TITLES[kind], `${injected}`, inWords(seen)]);
  return [
    ...rows,
    ['none, but the machine had no processor for it', '', inWords(seenWhileStarved)],
    ['none', '', inWords(seenWithoutFault)],
  ];
}

function inWords(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts);
  return entries.length === 0 ? 'nothing' : entries.map(([what, times]) => `${what} ${times}`).join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)];
}
