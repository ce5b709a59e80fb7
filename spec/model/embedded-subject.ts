import {
  type Clock,
  PushType,
  type Session,
  ThingsError,
  type Wire,
} from '../../lib/embedded/engine/engine.js';
import { createEngine } from '../../lib/embedded/engine/thingsdb-engine.js';
import { MAX_WATCHES } from '../../lib/schema/constants.js';
import { installCode } from '../../lib/schema/install-code.js';
import { ServerState } from './server-state.js';
import { STATE_CODE, type StateRows } from './state-rows.js';
import { type Bench, type Heard, ROOM_GONE, type Subject } from './subject.js';
import { fromEngine, toEngine } from '../support/engine-values.js';

const SCOPE = '//stuff';
const START_MS = 1_700_000_000_123;

/** Time that moves when told, without a turn of the event loop: a run passes hours of it. */
class StepClock implements Clock {
  nowMs = START_MS;
  #alarms: { readonly atMs: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.nowMs;
  }

  at(atMs: number, callback: () => void): () => void {
    const alarm = { atMs, callback };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  get nextMs(): number | undefined {
    return this.#alarms.length > 0 ? Math.min(...this.#alarms.map(({ atMs }) => atMs)) : undefined;
  }

  ring(): void {
    const due = this.#alarms.filter(({ atMs }) => atMs <= this.nowMs);
    this.#alarms = this.#alarms.filter(({ atMs }) => atMs > this.nowMs);
    for (const { callback } of due) callback();
  }
}

/** Of the few names that there are here, and all of them together, one too many. */
const MOST_WATCHES = 3;

/** A schema in which so few names may be watched. */
function withFewWatches(code: string): string {
  return code.replaceAll(`s.watches.len() >= ${MAX_WATCHES}`, `s.watches.len() >= ${MOST_WATCHES}`);
}

/** By the code that installs it: the schema as it is, and what tests have made of it. */
const installed = new Map<string, unknown>();

/** The engine without a socket, new for each run; the schema is installed once and put in as a snapshot. */
export class EmbeddedSubject implements Subject, Bench {
  readonly bench = this;
  readonly mostWatches = MOST_WATCHES;
  readonly #clock = new StepClock();
  readonly #session: Session = { push: (type, body) => this.#hear(type, body) };
  readonly #engine = createEngine({
    clock: this.#clock,
    beforeChange: () => (this.changes += 1),
    // However busy the machine is: a sweep that is broken off would look like a fault of the schema.
    limits: { duration: Infinity },
  });
  #heard: Heard[] = [];
  changes = 0;

  constructor(schema = installCode()) {
    const code = withFewWatches(schema);
    this.#engine.authenticate(this.#session, ['admin', 'pass']);
    if (installed.has(code)) {
      this.#engine.restore(installed.get(code));
    } else {
      this.#query(code);
      installed.set(code, this.#engine.snapshot());
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a subject may be far away
  async call(procedure: string, args: readonly unknown[]): Promise<unknown> {
    try {
      return fromEngine(this.#engine.run(this.#session, SCOPE, procedure, toEngine(args)) as Wire);
    } catch (error) {
      if (error instanceof ThingsError) return { code: error.code, message: error.message };
      throw error;
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a subject may be far away
  async state(): Promise<ServerState> {
    return new ServerState(this.#query(STATE_CODE) as StateRows);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a subject may be far away
  async join(rooms: Iterable<number>): Promise<void> {
    this.#engine.join(this.#session, SCOPE, [...rooms].map(BigInt));
  }

  takeHeard(): Heard[] {
    return this.#heard.splice(0);
  }

  timeOf(): number {
    return this.now;
  }

  get nowMs(): number {
    return this.#clock.nowMs;
  }

  get now(): number {
    return Math.trunc((this.nowMs / 1000) * 1_000_000);
  }

  get nextLookMs(): number | undefined {
    const nextMs = this.#clock.nextMs;
    return nextMs === undefined ? undefined : Math.max(nextMs, this.nowMs);
  }

  moveTo(ms: number): void {
    this.#clock.nowMs = ms;
    this.#clock.ring();
  }

  jumpTo(ms: number): void {
    this.#clock.nowMs = ms;
  }

  snapshot(): unknown {
    return this.#engine.snapshot();
  }

  restore(snapshot: unknown): void {
    this.#engine.restore(snapshot);
  }

  loseSweeper(): void {
    this.#query('tasks().each(|t| t.del());');
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a subject may be far away
  async [Symbol.asyncDispose](): Promise<void> {
    this.#engine.close();
  }

  #query(code: string): unknown {
    return fromEngine(this.#engine.query(this.#session, SCOPE, code, {}) as Wire);
  }

  #hear(type: number, body: Wire): void {
    const { id, event, args = [] } = fromEngine(body) as { id: number; event: string; args?: Heard['args'] };
    if (type === PushType.emit) this.#heard.push({ room: id, event, args });
    if (type === PushType.delete) this.#heard.push({ room: id, event: ROOM_GONE, args: [] });
  }
}
