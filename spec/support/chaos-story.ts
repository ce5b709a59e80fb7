import type { FaultKind } from '../chaos/fault-kinds.js';
import {
  HARNESS,
  type HarnessEvent,
  type HistoryRecord,
  type ResourceKind,
  type TakerEvent,
} from '../chaos/history.js';
import { NOTHING } from './state-left.js';

type Details<Name extends TakerEvent['event']> = Partial<Extract<TakerEvent, { event: Name }>>;

/** A request in a story, told step by step; times are milliseconds from its beginning. */
export class Told {
  readonly #story: Story;
  readonly #process: string;
  readonly #of: { request: string };
  readonly #names: readonly string[];
  #token = 0;

  constructor(story: Story, process: string, request: string, names: readonly string[]) {
    this.#story = story;
    this.#process = process;
    this.#of = { request };
    this.#names = names;
  }

  requested(atMs: number, details: Details<'requested'> = {}): this {
    const defaults = {
      names: this.#names,
      want: 1,
      limit: 1,
      ttlMs: 1_000,
      waitTimeoutMs: 60_000,
      abortAfterMs: null,
      autoRenew: true,
      isSteal: false,
      minHoldMs: 0,
      adopts: null,
      isFinal: false,
    };
    return this.#note(atMs, { event: 'requested', ...this.#of, ...defaults, ...details });
  }

  waiting(atMs: number): this {
    return this.#note(atMs, { event: 'waiting', ...this.#of, position: 1 });
  }

  granted(atMs: number, token: number, remainingMs = 1_000): this {
    this.#token = token;
    return this.#note(atMs, { event: 'granted', ...this.#lease, remainingMs });
  }

  renewed(atMs: number, remainingMs = 1_000): this {
    return this.#note(atMs, { event: 'renewed', ...this.#lease, remainingMs });
  }

  /** In its critical section from one time to the other, or for ever. */
  worked(fromMs: number, toMs?: number): this {
    this.#note(fromMs, { event: 'section-entered', ...this.#lease });
    return toMs === undefined ? this : this.#note(toMs, { event: 'section-left', ...this.#lease });
  }

  aborted(atMs: number, reason = 'expired'): this {
    return this.#note(atMs, { event: 'signal-aborted', ...this.#lease, reason });
  }

  released(atMs: number, result: boolean | string = true, answeredMs = atMs + 1): this {
    this.#note(atMs, { event: 'releasing', ...this.#lease });
    return this.#note(answeredMs, { event: 'released', ...this.#lease, result });
  }

  handedOn(atMs: number, result: true | string = true): this {
    this.#note(atMs, { event: 'handing-on', ...this.#lease });
    return this.#note(atMs + 1, { event: 'handed-on', ...this.#lease, result });
  }

  rejected(atMs: number, code: string): this {
    return this.#note(atMs, { event: 'rejected', ...this.#of, code, message: code });
  }

  /** What another request says of whose lease it goes on with. */
  get id(): string {
    return this.#of.request;
  }

  get #lease(): { request: string; token: number } {
    return { ...this.#of, token: this.#token };
  }

  #note(atMs: number, event: TakerEvent): this {
    this.#story.note(this.#process, atMs, event);
    return this;
  }
}

/** A watch in a story, of the lock `a`. */
export class ToldWatch {
  readonly #story: Story;
  readonly #process: string;
  readonly #of: { watch: string };

  constructor(story: Story, process: string, id: string) {
    this.#story = story;
    this.#process = process;
    this.#of = { watch: id };
  }

  watching(atMs: number, isOfAll = false): this {
    this.#note(atMs, { event: 'watch-asked', ...this.#of, name: 'a', isOfAll });
    return this.#note(atMs, { event: 'watching', ...this.#of, name: 'a' });
  }

  told(
    atMs: number,
    what: 'acquired' | 'released' | 'expired' | 'lost',
    token: number,
    details: Details<'told'> = {},
  ): this {
    const lock = { owner: 'p1', mode: 'exclusive', want: 1 } as const;
    const reason = what === 'lost' ? 'stolen' : null;
    return this.#note(atMs, { event: 'told', ...this.#of, what, token, ...lock, reason, ...details });
  }

  resumed(atMs: number): this {
    return this.#note(atMs, { event: 'watch-resumed', ...this.#of });
  }

  closed(atMs: number): this {
    return this.#note(atMs, { event: 'watch-closed', ...this.#of });
  }

  #note(atMs: number, event: TakerEvent): this {
    this.#story.note(this.#process, atMs, event);
    return this;
  }
}

/** A history as a test wants it, to see what the checker says of it. */
export class Story {
  readonly #records: HistoryRecord[] = [];
  readonly #ended = new Set<string>();
  #count = 0;

  /** A request of this process, for the lock `a` or for others. */
  request(process: string, ...names: string[]): Told {
    return new Told(this, process, `${process}/${++this.#count}`, names.length > 0 ? names : ['a']);
  }

  watch(process = 'w'): ToldWatch {
    return new ToldWatch(this, process, `${process}/watch.${++this.#count}`);
  }

  fault(
    kind: FaultKind,
    [fromMs, toMs]: readonly [number, number],
    details: { target?: string; lostSinceMs?: number } = {},
  ): this {
    const fault = ++this.#count;
    this.harness(fromMs, { event: 'fault-began', fault, kind, ...details });
    return this.harness(toMs, { event: 'fault-ended', fault });
  }

  killed(process: string, atMs: number): this {
    this.fault('kill-holder', [atMs, atMs + 1], { target: process });
    this.#ended.add(process);
    return this.harness(atMs + 1, {
      event: 'exited',
      target: process,
      end: 'SIGKILL',
      isExpected: true,
    });
  }

  stalled(process: string, fromMs: number, toMs: number): this {
    return this.note(process, toMs, { event: 'stalled', fromMs, toMs });
  }

  /** To what remembers the newest token of the lock `a`. */
  wrote(atMs: number, by: string, token: number, isAccepted = true): this {
    return this.#write('guarded', atMs, by, token, isAccepted);
  }

  /** To what lives in the server, and asks it whether the lock `a` is held with this token. */
  wroteInServer(atMs: number, by: string, token: number, isAccepted = true): this {
    return this.#write('fenced', atMs, by, token, isAccepted);
  }

  #write(resource: ResourceKind, atMs: number, by: string, token: number, isAccepted: boolean): this {
    return this.harness(atMs, { event: 'wrote', resource, by, name: 'a', token, isAccepted });
  }

  harness(atMs: number, event: HarnessEvent): this {
    return this.#push({ process: HARNESS, atMs, ...event });
  }

  note(process: string, atMs: number, event: TakerEvent): this {
    return this.#push({ process, atMs, ...event });
  }

  /** What was noted, with an orderly end at `endMs` unless the story has told its own. */
  records(endMs = 100_000): HistoryRecord[] {
    const processes = new Set(this.#records.map(({ process }) => process));
    for (const process of processes) {
      if (process === HARNESS || this.#ended.has(process)) continue;
      this.note(process, endMs, { event: 'drained' });
      this.harness(endMs + 1, { event: 'exited', target: process, end: 0, isExpected: true });
      this.#ended.add(process);
    }
    const isTold = (name: HistoryRecord['event']): boolean =>
      this.#records.some(({ event }) => event === name);
    if (!isTold('faults-over')) this.harness(endMs - 1, { event: 'faults-over' });
    if (!isTold('state-left')) this.harness(endMs + 2, { event: 'state-left', left: NOTHING });
    return [...this.#records].sort((a, b) => a.atMs - b.atMs);
  }

  #push(record: HistoryRecord): this {
    this.#records.push(record);
    return this;
  }
}
