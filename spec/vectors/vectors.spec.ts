import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, Session, Wire } from '../../lib/embedded/engine.js';
import { createEngine } from '../../lib/embedded/thingsdb-engine.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

/** Answers recorded from a real node. The embedded server must give the same ones. */
const files = ['thingsdb-1.9.json', 'embedded-agreement.json'];

/** Messages of syntax errors are the parser's own; their code is not. */
const syntaxError = -52;

interface Step {
  readonly q?: string;
  readonly v?: Readonly<Record<string, unknown>>;
  readonly s?: string;
  readonly run?: string;
  readonly args?: unknown;
  readonly join?: string;
  readonly on?: number;
  readonly events?: unknown;
  readonly wait?: number;
  readonly peer?: boolean;
  readonly volatile?: boolean;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly msg: string };
}

interface Vector {
  readonly group: string;
  readonly steps: readonly Step[];
}

class RecordingSession implements Session {
  readonly events: [number, Wire][] = [];

  push(type: number, body: Wire): void {
    this.events.push([type, body]);
  }
}

/** JSON's numbers as a client sends them: whole ones are integers. */
function toWire(value: unknown): Wire {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toWire(item)]));
  }
  return value as Wire;
}

/** What the recorder wrote for a value: integers and floats alike, infinity in words, bytes as Node prints them. */
function recorded(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return `float:${value}`;
  if (value instanceof Uint8Array) return { type: 'Buffer', data: [...value] };
  if (Array.isArray(value)) return value.map(recorded);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, recorded(item)]));
  }
  return value;
}

/** Runs the steps of one vector in a collection of its own. */
class VectorRun {
  readonly #session = new RecordingSession();
  readonly #peer = new RecordingSession();
  readonly #clock = new ManualClock();
  readonly #engine: Engine = createEngine({ clock: this.#clock });

  constructor(private readonly collection: string) {
    for (const session of [this.#session, this.#peer]) this.#engine.authenticate(session, ['admin', 'pass']);
  }

  async play(vector: Vector): Promise<void> {
    await this.#engine.query(this.#session, '@t', 'new_collection(name)', { name: this.collection });
    for (const step of vector.steps) await this.#step(step);
    this.#engine.close();
  }

  async #step(step: Step): Promise<void> {
    if (step.wait !== undefined) return this.#clock.advance(step.wait);
    if (step.on !== undefined) {
      const events = this.#session.events.splice(0);
      expect(recorded(events)).toEqual(this.#named(step.events));
      return;
    }
    const outcome = await this.#ask(step);
    if (step.volatile) return;
    const name = step.q ?? step.run ?? step.join;
    if (!step.error) {
      expect({ name, ...outcome }).toEqual({ name, result: this.#named(step.result) });
    } else if (step.error.code === syntaxError) {
      expect({ name, code: outcome.error?.code }).toEqual({ name, code: syntaxError });
    } else {
      expect({ name, ...outcome }).toEqual({ name, error: this.#named(step.error) });
    }
  }

  async #ask(step: Step): Promise<{ result?: unknown; error?: { code: number; msg: string } }> {
    const session = step.peer ? this.#peer : this.#session;
    const scope = this.#named(step.s ?? '//COLLECTION') as string;
    try {
      if (step.run !== undefined) {
        return {
          result: recorded(await this.#engine.run(session, scope, step.run, toWire(step.args ?? null))),
        };
      }
      const code = this.#named(step.q ?? step.join) as string;
      const vars = toWire(step.v ?? {}) as Readonly<Record<string, Wire>>;
      const value = await this.#engine.query(session, scope, code, vars);
      if (step.join === undefined) return { result: recorded(value) };
      return { result: recorded(this.#engine.join(session, scope, [value as bigint])) };
    } catch (error) {
      const { code, message } = error as { code: number; message: string };
      return { error: { code, msg: message } };
    }
  }

  /** The recorder wrote COLLECTION for the name of the collection. */
  #named(value: unknown): unknown {
    return JSON.parse(JSON.stringify(value ?? null).replaceAll('COLLECTION', this.collection));
  }
}

for (const file of files) {
  const path = join(__dirname, file);
  const vectors = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as readonly Vector[]) : [];
  if (!vectors.length) continue;
  describe(`the embedded server answers as the real one did (${file})`, () => {
    vectors.forEach((vector, at) => {
      const first = vector.steps[0];
      it(`${vector.group} ${at + 1}: ${(first?.q ?? first?.run ?? '').slice(0, 60)}`, () =>
        new VectorRun(`c${at}`).play(vector));
    });
  });
}
