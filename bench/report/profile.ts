/** A CPU profile as Node's --cpu-prof writes it: a tree of calls, and which of them each sample was in. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds between a sample and the one before. */
  readonly timeDeltas: readonly number[];
}

/** Time spent in a function itself, not in those that it calls. */
export interface SelfTime {
  readonly name: string;
  readonly url: string;
  readonly line: number;
  readonly us: number;
}

const IDLE = new Set(['(idle)', '(root)']);

/** Without idle time. A sample's time is what passed until the next one. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTime[] {
  const us = new Map<number, number>();
  for (const [index, id] of samples.entries()) us.set(id, (us.get(id) ?? 0) + (timeDeltas[index + 1] ?? 0));
  return nodes.flatMap(({ id, callFrame: { functionName, url, lineNumber } }) => {
    const time = us.get(id) ?? 0;
    if (time === 0 || IDLE.has(functionName)) return [];
    return [{ name: functionName || '(anonymous)', url, line: lineNumber + 1, us: time }];
  });
}

/** The sum of each group, the largest first. */
export function sumBy(times: readonly SelfTime[], groupOf: (time: SelfTime) => string): [string, number][] {
  const sums = new Map<string, number>();
  for (const time of times) sums.set(groupOf(time), (sums.get(groupOf(time)) ?? 0) + time.us);
  return [...sums].sort(([, a], [, b]) => b - a);
}
