import { randomBytes } from 'node:crypto';
import { clientFor } from '../../lib/client/open-client.js';
import type { PackageClient } from '../../lib/client/package-client.js';
import { LockManager } from '../../lib/index.js';
import { startThingsDB, type EmbeddedThingsDB } from '../../lib/testing/index.js';
import { until } from '../support/until.js';
import { Contestant } from './contestant.js';
import type { Login } from './messages.js';

/** A server that is there already; without one an embedded ThingsDB is started. */
export interface Place {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/**
 * Where a program is tried: a server, and a collection of its own. A referee looks at the server, not at the program.
 */
export class Arena implements AsyncDisposable {
  /** To freeze the server and to cut connections; only the embedded one can be. */
  readonly embedded: EmbeddedThingsDB | undefined;
  /** A manager of this package: it asks the server who holds and who waits. */
  readonly referee: LockManager;
  readonly #command: readonly string[];
  readonly #login: Login;
  readonly #idle: Contestant[] = [];
  readonly #inUse = new Set<Contestant>();
  /** How long something may take that takes no time but the machine's. */
  readonly patienceMs: number;

  private constructor(
    command: readonly string[],
    login: Login,
    embedded: EmbeddedThingsDB | undefined,
    patienceMs: number,
  ) {
    this.patienceMs = patienceMs;
    this.#command = command;
    this.#login = login;
    this.embedded = embedded;
    const auth = { username: login.user, password: login.password };
    this.referee = new LockManager({ url: login.url, auth, collection: login.collection });
  }

  /** @param command the program under test and its arguments */
  static async open(command: readonly string[], place?: Place, patienceMs = 10_000): Promise<Arena> {
    const embedded = place === undefined ? await startThingsDB() : undefined;
    const { url, user, password } = place ?? { url: embedded?.url ?? '', user: 'admin', password: 'pass' };
    const collection = `conformance_${randomBytes(6).toString('hex')}`;
    const arena = new Arena(command, { url, user, password, collection }, embedded, patienceMs);
    await arena.referee.setup();
    return arena;
  }

  /** So many processes of the program, logged in. */
  async contestants(count: number): Promise<Contestant[]> {
    const idle = this.#idle.splice(0, count);
    const more = Array.from({ length: count - idle.length }, () =>
      Contestant.start(this.#command, this.#login),
    );
    const all = [...idle, ...(await Promise.all(more))];
    for (const contestant of all) this.#inUse.add(contestant);
    return all;
  }

  /** Processes of a check that has succeeded are used again; those of one that has failed are not. */
  async giveBack(hasSucceeded: boolean): Promise<void> {
    const all = [...this.#inUse];
    this.#inUse.clear();
    if (hasSucceeded) this.#idle.push(...all.filter(({ isRunning }) => isRunning));
    else await Promise.all(all.map((contestant) => contestant.kill()));
  }

  query(code: string, vars?: Record<string, unknown>): Promise<unknown> {
    return this.#asAdmin((admin) => admin.query(`//${this.#login.collection}`, code, vars));
  }

  /** Over a connection of its own: others may have been cut. */
  async #asAdmin<T>(use: (admin: PackageClient) => Promise<T>): Promise<T> {
    const admin = clientFor(this.#login.url, { requestTimeoutMs: 20_000 });
    await admin.connect();
    try {
      await admin.auth(this.#login.user, this.#login.password);
      return await use(admin);
    } finally {
      await admin.disconnect();
    }
  }

  /** Waits until so many requests hold the name, and so many wait for it, by the server's word. */
  async queue(name: string, held: number, pending: number): Promise<void> {
    let seen = '';
    const isSo = async (): Promise<boolean> => {
      const now = await this.referee.query(name);
      seen = `${now.held.length} hold ${name} and ${now.pending.length} wait for it`;
      return now.held.length === held && now.pending.length === pending;
    };
    const describe = (): string => `${seen}; expected ${held} and ${pending}`;
    await until(isSo, { limitMs: this.patienceMs, describe });
  }

  /** Waits until nobody holds or waits for a name that begins so. */
  async nothingLeft(prefix: string): Promise<void> {
    let seen = '';
    const isSo = async (): Promise<boolean> => {
      const { held, pending } = await this.referee.query();
      const left = [...held, ...pending].filter(({ name }) => name.startsWith(prefix));
      seen = left.map(({ name, owner }) => `${name} (${owner})`).join(', ');
      return seen === '';
    };
    await until(isSo, { describe: () => `there is still ${seen}` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.giveBack(true);
    await Promise.all(this.#idle.map((contestant) => contestant.kill()));
    await this.referee.close();
    const { collection } = this.#login;
    await this.#asAdmin((admin) => admin.query('@thingsdb', 'del_collection(name);', { name: collection }));
    await this.embedded?.close();
  }
}
