import { hostname } from 'node:os';
import { within } from '../../async/within.js';
import type { NodeConnection } from '../../connection/node-connection.js';
import { Nodes } from '../../connection/nodes.js';
import { LockConnectionError, LockSetupError } from '../../errors.js';
import {
  resolveManagerOptions,
  type ResolvedManagerOptions,
} from '../../options/resolved-manager-options.js';
import { randomId } from '../../manager/random-id.js';
import { SCHEMA } from '../../schema/constants.js';
import { LockProcedures } from '../../schema/lock-procedures.js';
import { presentSchema } from '../../schema/setup.js';
import type { ConnectionSettings } from '../connection-options.js';

const DONE = new LockConnectionError('the command is done');

/** Somebody who looks at locks, or ends them, from outside: one connection, and the procedures over it. */
export interface Operator {
  readonly connection: NodeConnection;
  readonly procedures: LockProcedures;
}

/**
 * Connects to the first node that can be reached, checks that the locks are set up there, and calls `use`. It sets
 * nothing up by itself: whoever looks for locks in the wrong collection must not make one.
 *
 * @throws LockOptionsError, LockConnectionError, LockPermissionError, LockSetupError
 */
export async function asOperator<T>(
  settings: ConnectionSettings,
  use: (operator: Operator) => Promise<T>,
): Promise<T> {
  const options = resolveManagerOptions(settings);
  const connection = await connected(options);
  try {
    const procedures = proceduresOver(connection, options);
    await assertSetUp(connection, options);
    return await use({ connection, procedures });
  } finally {
    await connection.close(DONE);
  }
}

/** A connection to the first of the nodes that can be reached. @throws LockConnectionError, LockPermissionError */
export async function connected(options: ResolvedManagerOptions): Promise<NodeConnection> {
  const { requestTimeout } = options;
  const race = new Nodes(options).race(new Set());
  const late = (): LockConnectionError => {
    const error = new LockConnectionError(`no node has answered within ${requestTimeout} ms`);
    race.cancel(error);
    return error;
  };
  return (await within(race.winner, requestTimeout, late)).connection;
}

/** The procedures, asked over this connection alone. */
export function proceduresOver(
  connection: NodeConnection,
  { collection, prefix }: Pick<ResolvedManagerOptions, 'collection' | 'prefix'>,
): LockProcedures {
  const owner = `${hostname()}:${process.pid}`;
  return new LockProcedures(
    async (procedure, args) => {
      const sentMs = performance.now();
      const value = await connection.run(`//${collection}`, prefix + procedure, args);
      return { value, sentMs, wasRepeated: false };
    },
    // An operator holds nothing and waits for nothing: the inbox stays closed.
    { inbox: randomId(), owner },
  );
}

async function assertSetUp(
  connection: NodeConnection,
  { collection, prefix }: ResolvedManagerOptions,
): Promise<void> {
  const versions = await presentSchema(connection, collection, prefix);
  const where = `collection ${JSON.stringify(collection)}`;
  if (versions === undefined) {
    throw new LockSetupError(
      `there are no locks in ${where}: is it the right one (--collection, --prefix)? thingsdb-lock setup makes it`,
    );
  }
  const [version, compatible] = versions;
  if (compatible > SCHEMA || version < SCHEMA) {
    const cure =
      version < SCHEMA ? 'thingsdb-lock setup brings it to this version' : 'use a newer thingsdb-lock';
    throw new LockSetupError(`${where} has lock schema ${version}, this is for schema ${SCHEMA}: ${cure}`);
  }
}
