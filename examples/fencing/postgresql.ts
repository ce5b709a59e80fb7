/**
 * Fencing in PostgreSQL: a statement that writes under a lock refuses an old fencing token by itself.
 *
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_URL
 *   node --import tsx examples/fencing/postgresql.ts
 *
 * Writes to a PostgreSQL inside this process (PGlite), or, after `npm install pg`, to the one that DATABASE_URL names.
 */
import { PGlite } from '@electric-sql/pglite';
import { LockManager } from 'thingsdb-lock';
import { tellPausedHolder } from './paused-holder.js';
import { PostgresqlStock, type SqlClient } from './postgresql-stock.js';

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;
const { DATABASE_URL } = process.env;

interface Database extends SqlClient {
  close(): Promise<void>;
}

async function openDatabase(): Promise<Database> {
  if (DATABASE_URL === undefined) return PGlite.create();
  // Not by its name, as this repository can do without it.
  const name: string = 'pg';
  const { default: pg } = (await import(name)) as { default: { Pool: new (options: object) => Pool } };
  const pool = new pg.Pool({ connectionString: DATABASE_URL });
  return { query: (text, values) => pool.query(text, values), close: () => pool.end() };
}

interface Pool extends SqlClient {
  end(): Promise<void>;
}

async function main(): Promise<void> {
  const locks = new LockManager({
    url: THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200',
    auth: THINGSDB_TOKEN
      ? { token: THINGSDB_TOKEN }
      : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
    collection: THINGSDB_COLLECTION,
  });
  const database = await openDatabase();
  try {
    const stock = new PostgresqlStock(database);
    await stock.setUp();
    await tellPausedHolder(locks, stock);
  } finally {
    await database.close();
    await locks.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
