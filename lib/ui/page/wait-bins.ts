/** Where one bin ends and the next begins, in milliseconds. */
const EDGES = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 60_000];

/** What the bins are called, in order. */
export const BIN_NAMES: readonly string[] = [
  '< 1 ms',
  '1–3 ms',
  '3–10 ms',
  '10–30 ms',
  '30–100 ms',
  '0.1–0.3 s',
  '0.3–1 s',
  '1–3 s',
  '3–10 s',
  '10–30 s',
  '30–60 s',
  '> 1 min',
];

/** What stands below the bins: a name where one bin ends and the next begins. */
export const DECADES = [
  { at: 0.5, text: '1 ms' },
  { at: 2.5, text: '10 ms' },
  { at: 4.5, text: '0.1 s' },
  { at: 6.5, text: '1 s' },
  { at: 8.5, text: '10 s' },
  { at: 10.5, text: '1 min' },
] as const;

export interface WaitFigures {
  /** How many there are of each bin. */
  readonly counts: readonly number[];
  readonly total: number;
  /** `undefined` if there are none. */
  readonly medianMs: number | undefined;
  readonly p99Ms: number | undefined;
}

export function waitFigures(waitsMs: readonly number[]): WaitFigures {
  const sorted = [...waitsMs].sort((one, other) => one - other);
  const counts = BIN_NAMES.map(() => 0);
  for (const ms of sorted) {
    const found = EDGES.findIndex((edge) => ms < edge);
    const bin = found === -1 ? EDGES.length : found;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const at = (share: number): number | undefined =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { counts, total: sorted.length, medianMs: at(0.5), p99Ms: at(0.99) };
}
