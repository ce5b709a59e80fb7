import { randomBytes } from 'node:crypto';
import { PackageType } from '../../lib/client/package-type.js';
import { ServerError } from '../../lib/client/server-error.js';
import { clientFor } from '../../lib/client/open-client.js';
import type { PackageClient } from '../../lib/client/package-client.js';
import { MAX_WATCHES } from '../../lib/schema/constants.js';
import { setUp } from '../../lib/schema/setup.js';
import { allCaughtUp } from '../support/caught-up.js';
import { ServerState } from './server-state.js';
import { STATE_CODE, type StateRows } from './state-rows.js';
import { type Heard, ROOM_GONE, type Subject } from './subject.js';

/** A node that is not in the test's hand: its time goes by itself, and tells itself only by what it leaves behind. */
export class NodeSubject implements Subject {
  readonly bench = undefined;
  readonly mostWatches = MAX_WATCHES;
  readonly #client: PackageClient;
  readonly #scope: string;
  readonly #isOneOfSeveral: boolean;
  #heard: Heard[] = [];
  #newest = 0;

  private constructor(
    client: PackageClient,
    readonly collection: string,
    isOneOfSeveral: boolean,
  ) {
    this.#client = client;
    this.#isOneOfSeveral = isOneOfSeveral;
    this.#scope = `//${collection}`;
    client.addEventListener((type, message) => this.#hear(type, message));
  }

  /** A collection of its own, which is deleted when the subject is disposed of. */
  static async connect(url: string, isOneOfSeveral: boolean): Promise<NodeSubject> {
    const { THINGSDB_TOKEN: token, THINGSDB_USER: user, THINGSDB_PASSWORD: password } = process.env;
    const client = clientFor(url, { requestTimeoutMs: 20_000 });
    await client.connect();
    await (token === undefined ? client.auth(user ?? 'admin', password ?? 'pass') : client.authToken(token));
    const collection = `model_${randomBytes(6).toString('hex')}`;
    await setUp(client, collection);
    return new NodeSubject(client, collection, isOneOfSeveral);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.query('@thingsdb', 'del_collection(name);', { name: this.collection });
    await this.#client.disconnect();
  }

  async call(procedure: string, args: readonly unknown[]): Promise<unknown> {
    await this.#caughtUp();
    try {
      return await this.#client.run(this.#scope, procedure, [...args]);
    } catch (error) {
      const refused = ServerError.from(error);
      if (refused === undefined) throw error;
      return { code: refused.error_code, message: refused.message };
    }
  }

  async state(): Promise<ServerState> {
    await this.#caughtUp();
    return new ServerState((await this.#client.query(this.#scope, STATE_CODE)) as StateRows);
  }

  async join(rooms: Iterable<number>): Promise<void> {
    await this.#caughtUp();
    await this.#client.join(this.#scope, ...rooms);
  }

  takeHeard(): Heard[] {
    return this.#heard.splice(0);
  }

  timeOf(seen: readonly number[]): number {
    return (this.#newest = Math.max(this.#newest, ...seen));
  }

  /**
   * One of several has another node answer while it stores, which may lag behind. It joins rooms by what it knows itself,
   * and tells what happens in them later.
   */
  async #caughtUp(): Promise<void> {
    if (this.#isOneOfSeveral) await allCaughtUp(this.#client);
  }

  #hear(type: number, message: unknown): void {
    const { id, event, args } = message as { id: number; event: string; args?: Heard['args'] };
    if (type === PackageType.roomEmit) this.#heard.push({ room: id, event, args: args ?? [] });
    if (type === PackageType.roomDelete) this.#heard.push({ room: id, event: ROOM_GONE, args: [] });
  }
}
