import type { EventView, LockView } from '../messages.js';

/** A bar of the timeline. */
export interface Span {
  readonly lane: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Who held it, or waited. */
  readonly owner: string;
  readonly name: string;
  readonly kind: 'held' | 'waited';
  /** It goes on. */
  readonly isOpen: boolean;
  /** Taken away, or run out. */
  readonly isLoss: boolean;
}

/** What a lane is for, and where it takes its bars from. */
export interface LaneSource {
  readonly events: readonly EventView[];
  /** Of the lanes. */
  readonly locks: readonly LockView[];
  readonly fromMs: number;
  readonly nowMs: number;
}

/**
 * Who gets which lane. What has one keeps it as long as it wants one, so that no bar jumps. Lanes that become free are
 * given to the first who has none.
 */
export function assignLanes(
  before: readonly string[],
  wanting: readonly string[],
  most: number,
): readonly string[] {
  const wanted = new Set(wanting);
  const kept = new Set(before.filter((one) => wanted.has(one)));
  const others = [...wanted].filter((one) => !kept.has(one));
  const lanes = before.map((one) => (kept.has(one) ? one : others.shift()));
  while (lanes.length < most && others.length > 0) lanes.push(others.shift());
  return lanes.filter((one) => one !== undefined).slice(0, most);
}

/** The names in the order in which something has happened to them last, then those that are held. */
export function liveliestNames(
  source: LaneSource,
  isShown: (name: string) => boolean,
  most: number,
): string[] {
  const names = new Set<string>();
  for (let i = source.events.length - 1; i >= 0 && names.size < most; i--) {
    const event = source.events[i];
    if (event === undefined || event.atMs < source.fromMs) break;
    if (isShown(event.name)) names.add(event.name);
  }
  for (const { name } of source.locks) {
    if (names.size >= most) break;
    if (isShown(name)) names.add(name);
  }
  return [...names];
}

/** The bars: one lane is a name, or, where `laneOf` says so, an owner. */
export function spansOf(
  { events, locks, fromMs, nowMs }: LaneSource,
  laneOf: (name: string, owner: string) => number | undefined,
  showsWaits: boolean,
): Span[] {
  const spans: Span[] = [];
  const add = (name: string, owner: string, span: Omit<Span, 'lane' | 'name' | 'owner'>): void => {
    const lane = laneOf(name, owner);
    if (lane !== undefined && span.toMs >= fromMs) spans.push({ lane, name, owner, ...span });
  };
  for (const { kind, name, owner, formerOwner, atMs, sinceMs, waitedMs } of events) {
    if (sinceMs !== undefined) {
      const isLoss = kind === 'lost' || kind === 'expired';
      const past = { fromMs: sinceMs, toMs: atMs, isOpen: false, isLoss } as const;
      add(name, formerOwner ?? owner, { kind: 'held', ...past });
    } else if (showsWaits && kind === 'acquired' && waitedMs !== undefined && waitedMs > 0) {
      add(name, owner, { kind: 'waited', fromMs: atMs - waitedMs, toMs: atMs, isOpen: false, isLoss: false });
    }
  }
  const now = { toMs: nowMs, isOpen: true, isLoss: false } as const;
  for (const { name, held, waiting } of locks) {
    for (const { owner, sinceMs } of held) add(name, owner, { kind: 'held', fromMs: sinceMs, ...now });
    if (!showsWaits) continue;
    for (const { owner, sinceMs } of waiting) add(name, owner, { kind: 'waited', fromMs: sinceMs, ...now });
  }
  return spans;
}
