import { LockError, LockConnectionError, LockPermissionError } from '../../errors.js';
import {
  resolveManagerOptions,
  type ResolvedManagerOptions,
} from '../../options/resolved-manager-options.js';
import type { ConnectionSettings } from '../connection-options.js';
import { clocks } from './clock-check.js';
import { credentials, reached, transports, unreachable } from './connection-checks.js';
import { problem, skipped, type Check, type Finding } from './finding.js';
import { cluster, version } from './node-checks.js';
import { rights } from './rights-check.js';
import { roundTrips } from './round-trips.js';
import { schema } from './schema-check.js';
import { tasks } from './task-checks.js';
import { visited, type VisitedNode } from './visited-node.js';

const DONE = new LockConnectionError('the examination is over');

/**
 * Looks at everything that locks need, from the outside in, and tells each finding as soon as there is one. What cannot
 * be looked at is told too.
 *
 * @throws LockOptionsError
 */
export class Examination {
  readonly #settings: ConnectionSettings;
  readonly #options: ResolvedManagerOptions;
  readonly #tell: (finding: Finding) => void;
  #nodes: readonly VisitedNode[] = [];
  #isReached = false;

  constructor(settings: ConnectionSettings, tell: (finding: Finding) => void) {
    this.#settings = settings;
    this.#options = resolveManagerOptions(settings);
    this.#tell = tell;
  }

  /** Resolves with whether any node could be reached; one that refuses the credentials was. */
  async run(): Promise<boolean> {
    await this.#visit();
    try {
      const [first] = this.#nodes;
      if (first === undefined) return this.#isReached;
      this.#all(transports(this.#nodes, this.#options));
      this.#tell(credentials(this.#options));
      await this.#lookAtNodes(first);
      await this.#lookAtLocks(first);
      return true;
    } finally {
      await Promise.all(this.#nodes.map(({ connection }) => connection.close(DONE)));
    }
  }

  async #visit(): Promise<void> {
    const found = await Promise.all(this.#settings.url.map((url) => visited(url, this.#options)));
    for (const node of found) this.#tell('error' in node ? unreachable(node) : reached(node));
    this.#isReached = found.some((node) => !('error' in node) || node.error instanceof LockPermissionError);
    this.#nodes = found.filter((node): node is VisitedNode => !('error' in node));
  }

  async #lookAtNodes(first: VisitedNode): Promise<void> {
    for (const node of this.#nodes) {
      await this.#guarded('version', async () => this.#tell(await version(node)));
    }
    await this.#guarded('nodes', async () => {
      const { findings } = await cluster(first, this.#settings.url.length);
      this.#all(findings);
    });
  }

  async #lookAtLocks(first: VisitedNode): Promise<void> {
    let isUsable = false;
    await this.#guarded('schema', async () => {
      const found = await schema(first, this.#options);
      this.#tell(found.finding);
      isUsable = found.isUsable;
    });
    if (!isUsable) {
      this.#tell(skipped('round trips', 'rights, clocks, tasks and round trips need the schema'));
      return;
    }
    await this.#guarded('rights', async () => this.#all(await rights(first, this.#options)));
    await this.#guarded('clocks', async () => this.#all(await clocks(this.#nodes)));
    await this.#guarded('tasks', async () => this.#all(await tasks(first, this.#options)));
    await this.#guarded('round trips', async () => this.#all(await roundTrips(this.#settings)));
  }

  /** A node that goes away in the middle is a finding too. */
  async #guarded(check: Check, look: () => Promise<void>): Promise<void> {
    try {
      await look();
    } catch (error) {
      if (!(error instanceof LockError)) throw error;
      this.#tell(problem(check, error.message, 'look at the log of the node'));
    }
  }

  #all(findings: readonly Finding[]): void {
    for (const finding of findings) this.#tell(finding);
  }
}
