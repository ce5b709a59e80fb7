import { setTimeout as sleep } from 'node:timers/promises';
import { startThingsDB, type EmbeddedThingsDB, type Snapshot } from '../../lib/testing/index.js';
import type { ChaosServer, Loss } from './chaos-server.js';
import { clockMs } from './history.js';

/** About as much as a single node forgets when it stores its state after every few changes. */
const SNAPSHOT_EVERY_MS = 200;
const SNAPSHOTS = 20;
const MOST_FORGOTTEN = 12;

interface Kept {
  readonly atMs: number;
  readonly snapshot: Snapshot;
}

/** The embedded ThingsDB, in this process: killed means that its connections are cut and its state is set back. */
export class EmbeddedServer implements ChaosServer {
  readonly abilities = { canRestart: true, nodes: 1 };
  readonly isProbed = false;
  readonly auth = { username: 'admin', password: 'pass' };
  readonly #db: EmbeddedThingsDB;
  readonly #timer: NodeJS.Timeout;
  #kept: Kept[] = [];
  #isDown = false;

  private constructor(db: EmbeddedThingsDB) {
    this.#db = db;
    this.#timer = setInterval(() => this.#keep(), SNAPSHOT_EVERY_MS);
  }

  static async start(): Promise<EmbeddedServer> {
    return new EmbeddedServer(await startThingsDB({ history: MOST_FORGOTTEN }));
  }

  get urls(): readonly string[] {
    return [this.#db.url];
  }

  freeze(): void {
    this.#db.faults.freeze();
  }

  thaw(): void {
    this.#db.faults.thaw();
  }

  async restart(downMs: number): Promise<void> {
    await this.#comeBackWith(this.#db.snapshot(), downMs);
  }

  planLoss(extent: number, isHeads: boolean): Loss {
    const kept = this.#kept[Math.floor((1 - extent) * this.#kept.length)];
    if (isHeads || kept === undefined) {
      const count = 1 + Math.floor(extent * (MOST_FORGOTTEN - 1));
      const inflict = (downMs: number): Promise<void> => {
        this.#db.faults.forgetLastChanges(count);
        return this.#comeBackWith(this.#db.snapshot(), downMs);
      };
      // When those changes were made is not known.
      return { lostSinceMs: 0, detail: `the last ${count} changes`, inflict };
    }
    const { atMs, snapshot } = kept;
    return {
      lostSinceMs: atMs,
      detail: `the last ${Math.round(clockMs() - atMs)} ms`,
      inflict: (downMs) => this.#comeBackWith(snapshot, downMs),
    };
  }

  restartNode(): Promise<void> {
    return Promise.reject(new Error('there is only one node'));
  }

  killNode(): Promise<void> {
    return this.restartNode();
  }

  recovered(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#db.close();
  }

  async #comeBackWith(stored: Snapshot, downMs: number): Promise<void> {
    const { faults } = this.#db;
    this.#isDown = true;
    faults.refuseConnections(true);
    faults.cutConnections();
    await sleep(downMs);
    // Also when nothing is lost: tasks that ran meanwhile would not have, and nobody is in any room.
    this.#db.restore(stored);
    this.#kept = [];
    faults.refuseConnections(false);
    this.#isDown = false;
  }

  #keep(): void {
    if (this.#isDown) return;
    // The time first: whatever happened before it is in the snapshot.
    this.#kept.push({ atMs: clockMs(), snapshot: this.#db.snapshot() });
    if (this.#kept.length > SNAPSHOTS) this.#kept.shift();
  }
}
