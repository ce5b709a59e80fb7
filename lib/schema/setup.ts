import { loaded } from '../async/loaded.js';
import { pause } from '../async/pause.js';
import { LOOKUP_ERROR, serverCode, ServerError } from '../client/server-error.js';
import type { ThingsDBClient } from '../client/thingsdb-client.js';
import { type LockError, LockPermissionError, LockSetupError } from '../errors.js';
import { SCHEMA } from './constants.js';
import { numbers } from './replies.js';

/** A node of a cluster may learn of a new collection a moment later than another. */
const LAG_TRIES = 20;
const LAG_DELAY_MS = 50;

/** What it needs of a connection. */
export type SetupClient = Pick<ThingsDBClient, 'query' | 'run'>;

/**
 * Makes sure that the collection exists and holds a schema that this version can use. One read when it does; any
 * number of processes may do it at once.
 *
 * @throws LockSetupError if it is absent and may not be made, its schema is too new, or names clash
 */
export async function setUp(client: SetupClient, collection: string, prefix = ''): Promise<void> {
  const present = await presentSchema(client, collection, prefix);
  const versions =
    present !== undefined && present[0] >= SCHEMA ? present : await install(client, collection, prefix);
  const [version, compatible] = versions;
  if (compatible > SCHEMA) {
    throw new LockSetupError(
      `collection ${JSON.stringify(collection)} has lock schema ${version}, which needs a client of schema ` +
        `${compatible} or newer; this version of thingsdb-lock knows schema ${SCHEMA}: upgrade it`,
    );
  }
}

export type Versions = readonly [version: number, compatible: number];

/** What is set up in the collection: `undefined` where there are no locks. @throws LockSetupError */
export async function presentSchema(
  client: Pick<SetupClient, 'run'>,
  collection: string,
  prefix: string,
): Promise<Versions | undefined> {
  try {
    return versions(await client.run(`//${collection}`, `${prefix}lock_schema`, []));
  } catch (error) {
    if (serverCode(error) === LOOKUP_ERROR) return undefined;
    if (error instanceof ServerError) throw refusedSetup(error);
    throw error;
  }
}

function refusedSetup(cause: ServerError): LockSetupError {
  return new LockSetupError(`setup was refused: ${cause.message}`, { cause });
}

async function install(client: SetupClient, collection: string, prefix: string): Promise<Versions> {
  try {
    // The text of the schema is big, and seldom needed.
    const { installCode } = await loaded(import('./install-code.js'));
    const code = installCode(prefix);
    const first = await installed(client, collection, code);
    if (first !== undefined) return first;
    await makeCollection(client, collection);
    for (let tries = 1; ; tries++) {
      const made = await installed(client, collection, code);
      if (made !== undefined) return made;
      if (tries === LAG_TRIES)
        throw new LockSetupError(`collection ${JSON.stringify(collection)} did not appear`);
      await pause(LAG_DELAY_MS);
    }
  } catch (error) {
    if (error instanceof ServerError) throw refusedSetup(error);
    if (error instanceof LockPermissionError) throw notAllowed(collection, error);
    throw error;
  }
}

/** `undefined` when there is no such collection. */
async function installed(
  client: SetupClient,
  collection: string,
  code: string,
): Promise<Versions | undefined> {
  try {
    return versions(await client.query(`//${collection}`, code));
  } catch (error) {
    if (serverCode(error) === LOOKUP_ERROR) return undefined;
    throw error;
  }
}

async function makeCollection(client: SetupClient, collection: string): Promise<void> {
  try {
    await client.query('@thingsdb', 'new_collection(name);', { name: collection });
  } catch (error) {
    // Another process was faster.
    if (serverCode(error) !== LOOKUP_ERROR) throw error;
  }
}

function notAllowed(collection: string, cause: LockError): LockSetupError {
  return new LockSetupError(
    `collection ${JSON.stringify(collection)} is not set up for this version, and this user may not do it: ` +
      'let an administrator call manager.setup() once. To use it then, this user needs no more than ' +
      `grant('//${collection}', '<this user>', RUN|CHANGE|JOIN) in scope @thingsdb (${cause.message})`,
    { cause },
  );
}

function versions(reply: unknown): Versions {
  const [version, compatible] = numbers(reply);
  return [version ?? 0, compatible ?? 0];
}
