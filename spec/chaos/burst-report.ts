import { isHarmless, type BurstResult } from './burst-run.js';
import type { Vitals } from './node-vitals.js';

/** What a burst has done, for people. */
export function describeBurst(result: BurstResult): string {
  const { left, killed, processes, share, backMs, lastHadMs, failuresAfter, seconds, nodes, collectionLeft } =
    result;
  const { perSecondAlone, perSecondBeside, perSecondOfAll, perSecondAfter } = result;
  const back =
    backMs === undefined ? 'at 90 % in no second' : `at 90 % in the second that begins at ${backMs / 1000} s`;
  return [
    `${left} clients alone: ${whole(perSecondAlone)} grants a second`,
    `beside ${killed} others in ${processes} processes: ${whole(perSecondBeside)} of ${whole(perSecondOfAll)} in all`,
    `those ${killed} killed (SIGKILL), all at once, each in the middle of an acquire or a release`,
    `grants of the ${left} in each second from then on: ${seconds.map(whole).join(' ')}`,
    `from 5 s on: ${whole(perSecondAfter)} a second, ${whole(share * 100)} % of what they did alone; ${back}`,
    `calls that failed: ${failuresAfter}`,
    lastHadMs === undefined
      ? 'the locks of the dead: not all were had by others in 30 s'
      : `the locks of the dead: the last was another's after ${seconds1(lastHadMs)} s (ttl 2 s)`,
    ...nodes.map(describeNode),
    ...(collectionLeft === undefined ? [] : [`the collection ${collectionLeft} is still there`]),
    isHarmless(result) ? 'harmless' : 'NOT harmless',
  ].join('\n');
}

function describeNode({ url, answers, changes, longestMs, curedMs, cureTookMs }: Vitals): string {
  const state = answers ? (changes ? 'well' : 'answers, but makes no change') : 'DEAD: answers nobody';
  const cured =
    curedMs === undefined || cureTookMs === undefined
      ? ''
      : `; all nodes made changes ${seconds1(curedMs)} s after the kill, ${seconds1(cureTookMs)} s after whoever was dead was killed and started again`;
  return `${url}: ${state}; the longest that it made no change: ${whole(longestMs)} ms${cured}`;
}

function whole(value: number): string {
  return value.toFixed(0);
}

function seconds1(ms: number): string {
  return (ms / 1000).toFixed(1);
}
