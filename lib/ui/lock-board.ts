import type { HeldInfo, LockSnapshot, PendingInfo } from '../lock-info.js';
import { BoardEntry, holderView, isSameLease, isSameQueue, waiterView } from './board-entry.js';
import type { Happening } from './happening.js';
import type { EventView, HolderView, LockView } from './messages.js';

/** An answer of ThingsDB. */
export interface Answer {
  readonly snapshot: Pick<LockSnapshot, 'held' | 'pending'>;
  /** `changes` of the board when the question was asked. */
  readonly askedAt: number;
  /** When the answer came. */
  readonly nowMs: number;
}

export interface BoardOptions {
  /** Names that are kept at most. */
  readonly mostNames: number;
  /** Told of everything that happens to the names on the board. */
  readonly tell: (event: EventView) => void;
}

/** Whether this view holds the name itself. */
export type IsOurs = (name: string) => boolean;

/** So many ended leases are remembered, because an answer may be older than the news of the end. */
const MOST_ENDED = 5_000;
/** So long after a queue became unsure it is taken from an answer, even if it changes all the time. */
const UNSURE_FOR_MS = 1_000;

/**
 * Who holds and who waits, put together from what is told as it happens and from answers to questions. What is told
 * comes at once; renewals are not told. An answer says all, and may be older than what was told before it came. It
 * never brings back a lease whose end was told, nor takes away one that was told after the question.
 */
export class LockBoard {
  readonly #mostNames: number;
  readonly #tell: (event: EventView) => void;
  readonly #entries = new Map<string, BoardEntry>();
  readonly #changed = new Set<string>();
  /** Names of which not all is known, and since when. */
  readonly #unsure = new Map<string, number>();
  readonly #ended = new Set<string>();
  #changes = 0;
  #omitsNames = false;

  constructor({ mostNames, tell }: BoardOptions) {
    this.#mostNames = mostNames;
    this.#tell = tell;
  }

  /** Counts what was told so far: the time of the board. */
  get changes(): number {
    return this.#changes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether there are names that it has no room for. */
  get omitsNames(): boolean {
    return this.#omitsNames;
  }

  get hasChanges(): boolean {
    return this.#changed.size > 0;
  }

  /** Names of which not all is known. */
  get unsure(): ReadonlyMap<string, number> {
    return this.#unsure;
  }

  /** Everything on it. */
  views(isOurs: IsOurs): LockView[] {
    return [...this.#entries.values()].map((entry) => entry.view(isOurs(entry.name)));
  }

  /** What has changed since this was last called. */
  takeChanges(isOurs: IsOurs): { locks: LockView[]; gone: string[] } {
    const names = [...this.#changed];
    this.#changed.clear();
    return {
      locks: names.flatMap((name) => this.#entries.get(name)?.view(isOurs(name)) ?? []),
      gone: names.filter((name) => !this.#entries.has(name)),
    };
  }

  /** Something else about a name has changed. */
  touch(name: string): void {
    this.#changed.add(name);
  }

  /** Takes in what was told. */
  apply(happening: Happening): void {
    const entry = this.#entryFor(happening.name);
    if (entry === undefined) return;
    this.#changes++;
    const facts = this.#applied(entry, happening);
    const { kind, atMs, name, owner, mode, reason } = happening;
    this.#tell({ kind, atMs, name, owner, mode, reason, ...facts });
    const isKnown = entry.waiting.length === happening.queueLength;
    if (!isKnown && !this.#unsure.has(name)) this.#unsure.set(name, atMs);
    this.#settle(entry);
  }

  /** Takes in all that was answered about a name. */
  answered(name: string, answer: Answer): void {
    const entry = this.#entryFor(name);
    if (entry === undefined) return;
    const isHeldChanged = this.#replaceHeld(entry, answer);
    const isQueueChanged = this.#replaceQueue(entry, answer);
    this.#settle(entry, isHeldChanged || isQueueChanged);
  }

  /** Takes in a page of names. Returns which those are. */
  answeredPage(answer: Answer): readonly string[] {
    const groups = new Map<string, { held: HeldInfo[]; pending: PendingInfo[] }>();
    const groupOf = (name: string): { held: HeldInfo[]; pending: PendingInfo[] } => {
      const group = groups.get(name) ?? { held: [], pending: [] };
      groups.set(name, group);
      return group;
    };
    for (const info of answer.snapshot.held) groupOf(info.name).held.push(info);
    for (const info of answer.snapshot.pending) groupOf(info.name).pending.push(info);
    for (const [name, snapshot] of groups) this.answered(name, { ...answer, snapshot });
    return [...groups.keys()];
  }

  /** All pages have come: of other names than these there was nothing to tell when it was asked. */
  answeredAll(seen: ReadonlySet<string>, isComplete: boolean, when: Omit<Answer, 'snapshot'>): void {
    const nothing = { held: [], pending: [] };
    for (const name of [...this.#entries.keys()]) {
      if (!seen.has(name)) this.answered(name, { ...when, snapshot: nothing });
    }
    this.#omitsNames = !isComplete;
  }

  #entryFor(name: string): BoardEntry | undefined {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    if (this.#entries.size >= this.#mostNames) {
      this.#omitsNames = true;
      return undefined;
    }
    const entry = new BoardEntry(name);
    this.#entries.set(name, entry);
    return entry;
  }

  /** Returns what else there is to tell of it. */
  #applied(entry: BoardEntry, happening: Happening): Partial<EventView> {
    const { kind, owner, mode, count, permits, atMs, lastedMs, fencingToken } = happening;
    const waiter = { owner, mode, count, permits, sinceMs: atMs };
    switch (kind) {
      case 'waiting':
        entry.waiting = [...entry.waiting, waiter];
        entry.queueTouchedAt = this.#changes;
        return {};
      case 'withdrawn':
        this.#leaveQueue(entry, owner, atMs - lastedMs);
        return {};
      case 'acquired':
        this.#leaveQueue(entry, owner, atMs - lastedMs);
        this.#hold(entry, leaseOf(happening));
        return { fencingToken, waitedMs: lastedMs };
      case 'adopted': {
        const former = entry.held.get(fencingToken)?.view;
        this.#hold(entry, { ...leaseOf(happening), endsMs: former?.endsMs ?? atMs });
        return { fencingToken, formerOwner: former?.owner, sinceMs: former?.sinceMs ?? atMs - lastedMs };
      }
      default: {
        const sinceMs = entry.held.get(fencingToken)?.view.sinceMs ?? atMs - lastedMs;
        this.#end(entry, fencingToken);
        return { fencingToken, sinceMs };
      }
    }
  }

  #leaveQueue(entry: BoardEntry, owner: string, sinceMs: number): void {
    if (entry.waiting.length === 0) return;
    entry.withoutWaiter(owner, sinceMs);
    entry.queueTouchedAt = this.#changes;
  }

  /** Unless its end was told before its beginning, by another node. */
  #hold(entry: BoardEntry, view: HolderView): void {
    if (this.#ended.has(leaseKey(entry.name, view.fencingToken))) return;
    entry.held.set(view.fencingToken, { view, learnedAt: this.#changes });
  }

  #end(entry: BoardEntry, fencingToken: number): void {
    entry.held.delete(fencingToken);
    this.#ended.add(leaseKey(entry.name, fencingToken));
    if (this.#ended.size <= MOST_ENDED) return;
    const [oldest = ''] = this.#ended;
    this.#ended.delete(oldest);
  }

  /** Returns whether anything is different. */
  #replaceHeld(entry: BoardEntry, { snapshot, askedAt, nowMs }: Answer): boolean {
    const { name, held } = entry;
    const answered = snapshot.held.filter(
      ({ fencingToken }) => !this.#ended.has(leaseKey(name, fencingToken)),
    );
    const tokens = new Set(answered.map(({ fencingToken }) => fencingToken));
    const over = [...held.values()].filter(
      ({ view, learnedAt }) => !tokens.has(view.fencingToken) && learnedAt <= askedAt,
    );
    for (const { view } of over) {
      const { owner, mode, fencingToken, sinceMs } = view;
      this.#end(entry, fencingToken);
      this.#tell({ kind: 'ended', atMs: nowMs, name, owner, mode, fencingToken, sinceMs });
    }
    const news = answered.filter((info) => this.#takeLease(entry, info, { askedAt, nowMs }));
    return over.length + news.length > 0;
  }

  /** Returns whether anything is different. */
  #takeLease(entry: BoardEntry, info: HeldInfo, { askedAt, nowMs }: Omit<Answer, 'snapshot'>): boolean {
    const known = entry.held.get(info.fencingToken);
    if (known !== undefined && known.learnedAt > askedAt) return false;
    const view = holderView(info, nowMs);
    if (known !== undefined && isSameLease(known.view, view)) return false;
    const sinceMs = known?.view.sinceMs ?? view.sinceMs;
    entry.held.set(info.fencingToken, {
      view: { ...view, sinceMs },
      learnedAt: known?.learnedAt ?? askedAt,
    });
    return true;
  }

  /** The same of those who wait. Where they have changed since the question, the name stays unsure. */
  #replaceQueue(entry: BoardEntry, { snapshot, askedAt, nowMs }: Answer): boolean {
    const unsureMs = nowMs - (this.#unsure.get(entry.name) ?? nowMs);
    if (entry.queueTouchedAt > askedAt && unsureMs < UNSURE_FOR_MS) return false;
    this.#unsure.delete(entry.name);
    const waiting = snapshot.pending.map(waiterView);
    if (isSameQueue(entry.waiting, waiting)) return false;
    entry.waiting = waiting;
    return true;
  }

  #settle(entry: BoardEntry, isChanged = true): void {
    if (entry.isEmpty) {
      this.#entries.delete(entry.name);
      this.#unsure.delete(entry.name);
    }
    if (isChanged) this.#changed.add(entry.name);
  }
}

const leaseKey = (name: string, fencingToken: number): string => `${fencingToken} ${name}`;

function leaseOf(happening: Happening): HolderView {
  const { owner, mode, count, permits, atMs, fencingToken, ttlMs, lingers } = happening;
  return { owner, mode, count, permits, sinceMs: atMs, fencingToken, endsMs: atMs + ttlMs, lingers };
}
