import { parseAddress, type Address } from '../../client/address.js';
import type { NodeConnection } from '../../connection/node-connection.js';
import { LockError, LockPermissionError } from '../../errors.js';
import type { ResolvedManagerOptions } from '../../options/resolved-manager-options.js';
import type { LockProcedures } from '../../schema/lock-procedures.js';
import { connected, proceduresOver } from '../operating/operator.js';

/** One of the nodes that were named, as the doctor has found it. */
export interface VisitedNode {
  readonly address: Address;
  readonly connection: NodeConnection;
  readonly procedures: LockProcedures;
  /** From the first byte to being logged in. */
  readonly connectMs: number;
}

export interface UnreachableNode {
  readonly address: Address;
  readonly error: LockError;
}

/** Connects to one node and logs in. */
export async function visited(
  url: string,
  options: ResolvedManagerOptions,
): Promise<VisitedNode | UnreachableNode> {
  const address = parseAddress(url);
  const startMs = performance.now();
  try {
    const connection = await connected({ ...options, url });
    const procedures = proceduresOver(connection, options);
    return { address, connection, procedures, connectMs: performance.now() - startMs };
  } catch (error) {
    if (error instanceof LockError) return { address, error };
    throw error;
  }
}

/** The answer, or that this user may not ask. */
export async function unlessRefused<T>(asked: Promise<T>): Promise<T | 'refused'> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof LockPermissionError) return 'refused';
    throw error;
  }
}
