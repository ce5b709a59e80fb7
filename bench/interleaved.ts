/** The measuring loop, apart from what is measured. */

/** One thing to measure: `run` is one sample of it. */
export interface Subject {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

export interface Measurement {
  readonly name: string;
  readonly samples: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface MeasureOptions {
  /** Of each subject. */
  readonly samples: number;
  /** Rounds before the first sample is kept: compilers, caches and connections get warm. */
  readonly warmUp: number;
}

/**
 * Measures the subjects sample by sample in turn, so that whatever else the machine does meets all of them alike, and
 * in reversed order every other round, so that none always comes after the same one. Times are in microseconds.
 */
export async function measureInterleaved(
  subjects: readonly Subject[],
  { samples, warmUp }: MeasureOptions,
): Promise<Measurement[]> {
  const reversed = [...subjects].reverse();
  const times = new Map(subjects.map((subject) => [subject, new Float64Array(samples)]));
  for (let round = -warmUp; round < samples; round++) {
    for (const subject of round % 2 === 0 ? subjects : reversed) {
      const startNs = process.hrtime.bigint();
      await subject.run();
      const tookUs = Number(process.hrtime.bigint() - startNs) / 1_000;
      if (round >= 0) (times.get(subject) as Float64Array)[round] = tookUs;
    }
  }
  return subjects.map((subject) => {
    const sorted = (times.get(subject) as Float64Array).sort();
    return { name: subject.name, samples, p50Us: percentile(sorted, 0.5), p99Us: percentile(sorted, 0.99) };
  });
}

/** The smallest value that so great a share of the values does not exceed. */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}
