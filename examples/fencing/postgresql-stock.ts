import { StaleTokenError } from 'thingsdb-lock';
import { type Stock, STOCK_LOCK } from './stock.js';

/** What is needed of a PostgreSQL client: a `Pool` or `Client` of pg has it, and PGlite. */
export interface SqlClient {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** Gives no row, and has no effect, for a token older than the newest that was seen of the name. */
const RAISE_FENCE = `
  INSERT INTO fences AS fence (name, token) VALUES ($1, $2)
  ON CONFLICT (name) DO UPDATE SET token = excluded.token WHERE fence.token <= excluded.token
  RETURNING token`;

/**
 * The stock in PostgreSQL. The newest token is a row beside the data, and is checked in the statement that writes. Both
 * happen or neither. No other writer gets in between, for the row is locked until the statement has been committed.
 * Several writes go into a transaction whose first statement is {@link RAISE_FENCE}; roll it back when that gives no
 * row.
 */
export class PostgresqlStock implements Stock {
  readonly #sql: SqlClient;

  constructor(sql: SqlClient) {
    this.#sql = sql;
  }

  /** Makes the tables. To be called by one process at a time, as any change of a schema. */
  async setUp(): Promise<void> {
    await this.#sql.query(
      'CREATE TABLE IF NOT EXISTS fences (name text PRIMARY KEY, token bigint NOT NULL)',
      [],
    );
    await this.#sql.query(
      'CREATE TABLE IF NOT EXISTS stock (item text PRIMARY KEY, count integer NOT NULL)',
      [],
    );
  }

  /** @throws StaleTokenError */
  async read(item: string, fencingToken: number): Promise<number> {
    await this.#fenced(RAISE_FENCE, [STOCK_LOCK, fencingToken]);
    // A statement of its own: that one may have waited for an earlier holder's write, and would not see it.
    const { rows } = await this.#sql.query('SELECT count FROM stock WHERE item = $1', [item]);
    return (rows as { count: number }[])[0]?.count ?? 0;
  }

  /** @throws StaleTokenError */
  async write(item: string, count: number, fencingToken: number): Promise<void> {
    await this.#fenced(
      `WITH raised AS (${RAISE_FENCE})
       INSERT INTO stock (item, count) SELECT $3::text, $4::integer FROM raised
       ON CONFLICT (item) DO UPDATE SET count = excluded.count
       RETURNING item`,
      [STOCK_LOCK, fencingToken, item, count],
    );
  }

  /** Runs a statement that gives a row unless the token in it is out of date. */
  async #fenced(text: string, values: [name: string, token: number, ...rest: unknown[]]): Promise<void> {
    const { rows } = await this.#sql.query(text, values);
    if (rows.length > 0) return;
    const [name, token] = values;
    const fence = await this.#sql.query('SELECT token FROM fences WHERE name = $1', [name]);
    // As text or as a number: clients differ on what they make of a bigint.
    const newest = Number((fence.rows as { token: string | number }[])[0]?.token);
    throw new StaleTokenError(name, token, newest);
  }
}
