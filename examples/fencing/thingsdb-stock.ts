import type { ThingsDBClient } from 'thingsdb-lock';
import { type Stock, STOCK_LOCK } from './stock.js';

/** Procedures of your own, in the collection that holds both your data and the locks. */
const procedures = (prefix: string): Record<string, string> => ({
  stock_count: `|item| {
    "How many there are of an item. -> int";
    .stock.get(item, 0);
  }`,
  stock_set: `|item, count, token| {
    "Sets how many there are of an item, for whoever holds the lock. -> nil";
    // First of all: it raises when the lease is over, and what was changed before it would stay changed.
    run('${prefix}lock_fence', '${STOCK_LOCK}', token);
    .stock.set(item, count);
    nil;
  }`,
});

/**
 * The stock in ThingsDB itself, in a collection that also holds the locks. The procedure that writes asks the lock's
 * own `lock_fence`, in the same change. The lease cannot end between the two. Unlike a guard that remembers tokens, it
 * knows who holds the lock. It refuses an old holder whether or not a newer one has been here.
 *
 * Nobody can go around it who has no more rights than `RUN|CHANGE|JOIN`. These are enough to lock and to call
 * procedures, and allow no queries.
 */
export class ThingsDBStock implements Stock {
  readonly #client: ThingsDBClient;
  readonly #scope: string;
  readonly #prefix: string;

  /**
   * @param client connected and authenticated
   * @param collection the lock manager's
   * @param prefix the lock manager's, if it has one
   */
  constructor(client: ThingsDBClient, collection: string, prefix = '') {
    this.#client = client;
    this.#scope = `//${collection}`;
    this.#prefix = prefix;
  }

  /** Makes the data and the procedures, once, as administrator; the collection has to be there (`manager.setup()`). */
  async setUp(): Promise<void> {
    const statements = Object.entries(procedures(this.#prefix)).map(
      ([name, code]) => `has_procedure('${name}') || new_procedure('${name}', ${code});`,
    );
    await this.#client.query(this.#scope, `.has('stock') || .stock = {};\n${statements.join('\n')}\nnil;`);
  }

  async read(item: string): Promise<number> {
    return (await this.#client.run(this.#scope, 'stock_count', [item])) as number;
  }

  /** Rejects with the server's error -103 when no lease with this token is held. */
  async write(item: string, count: number, fencingToken: number): Promise<void> {
    await this.#client.run(this.#scope, 'stock_set', [item, count, fencingToken]);
  }
}
