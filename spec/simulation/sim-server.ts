import { PushType, type Session, ThingsError, type Wire } from '../../lib/embedded/engine/engine.js';
import { createEngine } from '../../lib/embedded/engine/thingsdb-engine.js';
import { Refusal } from '../../lib/schema/constants.js';
import { installCode } from '../../lib/schema/install-code.js';
import { STATE_LEFT_CODE, type StateLeft } from '../support/state-left.js';
import type { World } from './world.js';
import { fromEngine, toEngine } from '../support/engine-values.js';

const SCOPE = '//stuff';
/** The procedure that tells what is stored. */
const STATE_LEFT = 'state_left';
const REQUESTS_CODE = `
  requests = [];
  for (key, q in .thingsdb_lock.locks) {
    for (r in q.held) requests.push([r.id, r.state]);
    for (r in q.waiting) requests.push([r.id, r.state]);
  };
  requests;
`;
/** How many are in the queue of each name: those who wait, and the silent ones. */
const QUEUED_CODE = `
  queued = [];
  for (key, q in .thingsdb_lock.locks) queued.push([key[1:], q.waiting.len()]);
  queued;
`;
/** What the server's clock shows when the world begins. */
const START_MS = 1_700_000_000_123;

const INSTALL_CODE = installCode();
/** By the code that installs it: set up once, and put in as a snapshot. */
const installed = new Map<string, unknown>();

const PUSHED: ReadonlyMap<number, string> = new Map(
  Object.entries(PushType).map(([name, type]) => [type, name]),
);

/** What the server does, for a person to read. */
export type Trace = (atMs: number, what: string) => void;

/** What the server sends to one client without being asked. */
export type Push = (type: number, body: unknown) => void;

/** The embedded engine on the world's time, without a socket. */
export class SimServer {
  readonly #world: World;
  readonly #engine;
  readonly #admin: Session = { push: () => undefined };
  readonly #trace: Trace | undefined;
  #frozenUntilMs = 0;

  constructor(world: World, code = INSTALL_CODE, trace?: Trace) {
    this.#world = world;
    this.#trace = trace;
    const clock = {
      now: () => START_MS + world.ms,
      at: (atMs: number, callback: () => void) =>
        world.at(atMs - START_MS, () => this.#whenRunning(callback)),
    };
    // The limit of real time would make a run depend on how busy the machine is.
    this.#engine = createEngine({ clock, limits: { duration: Infinity } });
    this.#engine.authenticate(this.#admin, ['admin', 'pass']);
    if (installed.has(code)) {
      this.#engine.restore(installed.get(code));
    } else {
      this.#query(code);
      // Parsed once, not by each run.
      this.#query(`new_procedure('${STATE_LEFT}', || {${STATE_LEFT_CODE}});`);
      installed.set(code, this.#engine.snapshot());
    }
  }

  connect(push: Push): Session {
    const session: Session = {
      push: (type, body) => {
        const told = fromEngine(body);
        this.#traced(() => `pushes ${PUSHED.get(type)} ${JSON.stringify(told)}`);
        push(type, told);
      },
    };
    this.#engine.authenticate(session, ['admin', 'pass']);
    return session;
  }

  drop(session: Session): void {
    this.#engine.drop(session);
  }

  /** Runs something for a client as soon as the server runs. */
  serve(what: () => void): void {
    this.#whenRunning(what);
  }

  /** @throws ThingsError */
  run(session: Session, procedure: string, args: readonly unknown[]): unknown {
    const call = (): string => `${procedure}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`;
    try {
      const answer = fromEngine(this.#engine.run(session, SCOPE, procedure, toEngine(args)) as Wire);
      this.#traced(() => `${call()} -> ${JSON.stringify(answer)}`);
      return answer;
    } catch (error) {
      this.#traced(() => `${call()} -> ${String(error)}`);
      throw error;
    }
  }

  /** Whether there is such a room. */
  join(session: Session, room: number): boolean {
    return this.#engine.join(session, SCOPE, [BigInt(room)])[0] !== null;
  }

  /** Whether a fence lets somebody with this token through. */
  letsIn(name: string, token: number): boolean {
    try {
      this.run(this.#admin, 'lock_fence', [name, token]);
      return true;
    } catch (error) {
      if (error instanceof ThingsError && error.code === Refusal.fenced) return false;
      throw error;
    }
  }

  /** The ids of all requests, with the state of each. */
  requests(): Map<string, number> {
    return new Map(this.#query(REQUESTS_CODE) as [string, number][]);
  }

  /** By name: how many are in its queue, also those who are silent. */
  queued(): Map<string, number> {
    return new Map(this.#query(QUEUED_CODE) as [string, number][]);
  }

  /** How many changes there have been. */
  changes(): number {
    return Number(this.#query('wse(change_id());'));
  }

  freeze(forMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#world.ms + forMs);
  }

  snapshot(): unknown {
    return this.#engine.snapshot();
  }

  restore(snapshot: unknown): void {
    this.#traced(() => 'goes back to an older state');
    this.#engine.restore(snapshot);
  }

  /** What is stored besides the schema. */
  left(): StateLeft {
    return this.run(this.#admin, STATE_LEFT, []) as StateLeft;
  }

  close(): void {
    this.#engine.close();
  }

  #whenRunning(what: () => void): void {
    if (this.#frozenUntilMs > this.#world.ms)
      this.#world.at(this.#frozenUntilMs, () => this.#whenRunning(what));
    else what();
  }

  /** @param what is not made where nobody reads it */
  #traced(what: () => string): void {
    this.#trace?.(this.#world.ms, what());
  }

  #query(code: string): unknown {
    return fromEngine(this.#engine.query(this.#admin, SCOPE, code, {}) as Wire);
  }
}

export { PushType, ThingsError };
