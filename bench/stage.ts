import { randomBytes } from 'node:crypto';
import type { ThingsDBClient } from '../lib/client/thingsdb-client.js';
import { pythonEnvironment } from './peers.js';
import type { RunningServer } from './servers/running-server.js';
import type { LockSystem } from './systems/lock-system.js';
import { bareSpace, BARE_CHANGE, connected, makeClient } from './systems/thingsdb-client.js';
import { type BenchWorker, WorkerProcess } from './worker/bench-worker.js';

/** What the server did while something was measured. */
export interface ServerShare {
  readonly cpuUs: number | undefined;
  readonly changes: number | undefined;
}

/** What a workload needs of a system: workers, spaces, and what the server does. */
export interface Stage {
  readonly system: LockSystem;
  /** The space that the workers of {@link worker} have opened. */
  readonly space: string;
  /** A new worker, with so many sessions in the space. */
  worker(sessions?: number): Promise<BenchWorker>;
  /** One more space, opened in the worker. */
  openSpace(worker: BenchWorker): Promise<string>;
  /** Does it, and tells what it cost the server. */
  served<T>(work: () => Promise<T>): Promise<readonly [T, ServerShare]>;
  serverRssBytes(): number | undefined;
  sleep(ms: number): Promise<void>;
  nowMs(): number;
  /** How long one measurement lasts. */
  readonly durationMs: number;
  /** How many processes contend. */
  readonly processes: number;
  close(): Promise<void>;
}

export type StageSettings = Pick<Stage, 'durationMs' | 'processes'> & {
  readonly nodeOptions: readonly string[];
};

const SERVER_SCOPE = '@node';

/** A system on a server that runs. */
export class ServerStage implements Stage {
  readonly system: LockSystem;
  readonly space: string;
  readonly durationMs: number;
  readonly processes: number;
  readonly #server: RunningServer;
  readonly #nodeOptions: readonly string[];
  readonly #workers: BenchWorker[] = [];
  readonly #spaces: string[] = [];
  #admin: ThingsDBClient | undefined;

  private constructor(system: LockSystem, server: RunningServer, settings: StageSettings) {
    this.system = system;
    this.#server = server;
    this.durationMs = settings.durationMs;
    this.processes = settings.processes;
    this.#nodeOptions = settings.nodeOptions;
    this.space = newSpace();
  }

  static async open(system: LockSystem, server: RunningServer, settings: StageSettings): Promise<Stage> {
    const stage = new ServerStage(system, server, settings);
    try {
      if (system.usesThingsDB === true) {
        stage.#admin = await connected(makeClient(server.place.urls[0] ?? ''), server.place.auth);
      }
      await stage.#prepare(stage.space);
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  async worker(sessions = 1): Promise<BenchWorker> {
    const worker = this.#spawn(this.system.program);
    await this.#open(worker, this.space, sessions);
    return worker;
  }

  async openSpace(worker: BenchWorker): Promise<string> {
    const space = newSpace();
    await this.#prepare(space);
    await this.#open(worker, space, 1);
    return space;
  }

  async served<T>(work: () => Promise<T>): Promise<readonly [T, ServerShare]> {
    const changes = await this.#changes();
    const cpuUs = this.#server.cpuUs();
    const result = await work();
    const cpuUsAfter = this.#server.cpuUs();
    const changesAfter = await this.#changes();
    const share = { cpuUs: difference(cpuUsAfter, cpuUs), changes: difference(changesAfter, changes) };
    return [result, share];
  }

  serverRssBytes(): number | undefined {
    return this.#server.rssBytes();
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  nowMs(): number {
    return Number(process.hrtime.bigint()) / 1e6;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
    for (const space of this.#spaces.flatMap((name) => [name, bareSpace(name)])) {
      await this.#admin?.query('@thingsdb', 'try(del_collection(name));', { name: space });
    }
    await this.#admin?.disconnect();
  }

  #spawn(program: LockSystem['program']): BenchWorker {
    const env = program === 'python' ? pythonEnvironment() : {};
    const worker = new WorkerProcess(program, env, [...this.#nodeOptions]);
    this.#workers.push(worker);
    return worker;
  }

  async #open(worker: BenchWorker, space: string, sessions: number): Promise<void> {
    await worker.call('open', { system: this.system.id, place: this.#server.place, space, sessions });
  }

  async #prepare(space: string): Promise<void> {
    if (this.#admin === undefined) return;
    this.#spaces.push(space);
    const bare = bareSpace(space);
    await this.#admin.query('@thingsdb', 'new_collection(name); nil;', { name: bare });
    const code = `.number = 0; new_procedure('${BARE_CHANGE}', |number| { .number = number; nil; }); nil;`;
    await this.#admin.query(`//${bare}`, code);
    if (this.system.isSetUpByPython !== true) return;
    const python = this.#spawn('python');
    await this.#open(python, space, 1);
    await python.close();
  }

  async #changes(): Promise<number | undefined> {
    if (this.#admin === undefined) return undefined;
    const counters = (await this.#admin.query(SERVER_SCOPE, 'counters();')) as Record<string, unknown>;
    const { changes_committed: changes } = counters;
    return typeof changes === 'number' ? changes : undefined;
  }
}

function newSpace(): string {
  return `bench_${randomBytes(6).toString('hex')}`;
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before;
}
