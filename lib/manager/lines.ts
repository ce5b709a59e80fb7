import type { Alarms, Sleeper } from './alarms.js';

/** One who waits in a line. */
export interface InLine {
  readonly names: readonly string[];
  /** When this one has to ask; `Infinity` while an answer is out. */
  readonly askAtMs: number;
  /**
   * Asks the server what has become of the line's first: it asks for all.
   * @param isHint whether a pushed message said to ask now
   */
  ask(isHint: boolean): void;
}

/** The requests of a manager that wait for the same names, first come first. Only the first of them asks. */
class Line<M extends InLine> implements Sleeper {
  readonly members = new Set<M>();
  wakeAtMs = Infinity;
  place = -1;
  /** A pushed message said when to ask. */
  isHinted = false;

  get first(): M | undefined {
    for (const member of this.members) return member;
    return undefined;
  }

  wake(): void {
    const { isHinted } = this;
    this.wakeAtMs = Infinity;
    this.isHinted = false;
    this.first?.ask(isHinted);
  }
}

/** Who waits here, in lines by what is waited for: one alarm for each line. */
export class Lines<M extends InLine> {
  readonly #alarms: Alarms;
  readonly #nowMs: () => number;
  readonly #lines = new Map<string, Line<M>>();

  constructor(alarms: Alarms, nowMs: () => number) {
    this.#alarms = alarms;
    this.#nowMs = nowMs;
  }

  /**
   * It waits, or has just learned when to ask. Whoever is not first makes the first ask no later than that.
   * @param isHint whether it was a pushed message that said when
   */
  enter(member: M, isHint = false): void {
    const key = keyOf(member);
    let line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, (line = new Line()));
    line.members.add(member);
    line.isHinted ||= isHint;
    const { askAtMs } = member;
    this.#alarms.set(line, line.first === member ? askAtMs : Math.min(line.wakeAtMs, askAtMs));
  }

  /** Who has waited longest here for just these names. */
  first(names: readonly string[]): M | undefined {
    return this.#lines.get(keyOf({ names }))?.first;
  }

  /** A pushed message says to ask then, which may be earlier than its line was going to. */
  hint(member: M, atMs: number): void {
    const line = this.#lines.get(keyOf(member));
    if (line === undefined || atMs >= line.wakeAtMs) return;
    line.isHinted = true;
    this.#alarms.set(line, atMs);
  }

  /** Without effect on one that is in no line. */
  leave(member: M): void {
    const key = keyOf(member);
    const line = this.#lines.get(key);
    if (line === undefined) return;
    const wasFirst = line.first === member;
    if (!line.members.delete(member)) return;
    const next = line.first;
    if (next === undefined) {
      this.#alarms.set(line, Infinity);
      this.#lines.delete(key);
    } else if (wasFirst) {
      // The first asked for the whole line, so its last answer is newer than the next one's.
      const isAsking = line.wakeAtMs === Infinity;
      this.#alarms.set(line, isAsking ? this.#nowMs() : Math.max(line.wakeAtMs, next.askAtMs));
    }
  }
}

/** The same for all that wait for just the same names. */
function keyOf({ names }: Pick<InLine, 'names'>): string {
  const [name = ''] = names;
  return names.length === 1 ? `name ${name}` : `names ${JSON.stringify(names)}`;
}
