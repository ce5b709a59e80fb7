import { LockPermissionError } from '../../errors.js';
import type { ResolvedManagerOptions } from '../../options/resolved-manager-options.js';
import { SCHEMA } from '../../schema/constants.js';
import { presentSchema } from '../../schema/setup.js';
import { quoted } from '../printable.js';
import { ok, problem, warning, type Finding } from './finding.js';
import type { VisitedNode } from './visited-node.js';

const SETUP = 'let an administrator run thingsdb-lock setup';

export interface SchemaFound {
  readonly finding: Finding;
  /** Whether locks can be used as they are. */
  readonly isUsable: boolean;
}

/** What is set up in the collection. */
export async function schema(
  { connection }: VisitedNode,
  { collection, prefix }: ResolvedManagerOptions,
): Promise<SchemaFound> {
  const where = `collection ${quoted(collection)}`;
  let versions;
  try {
    versions = await presentSchema(connection, collection, prefix);
  } catch (error) {
    if (!(error instanceof LockPermissionError)) throw error;
    return wrong(`${where} cannot be used: ${error.message}`, 'grant the rights in docs/OPERATIONS.md');
  }
  if (versions === undefined) return wrong(`there are no locks in ${where}`, SETUP);
  const [version, compatible] = versions;
  const text = `${where} has lock schema ${version}, this is for ${SCHEMA}`;
  if (compatible > SCHEMA) return wrong(text, 'use a newer thingsdb-lock');
  if (version < SCHEMA) return { finding: warning('schema', text, SETUP), isUsable: false };
  return { finding: ok('schema', text), isUsable: true };
}

function wrong(message: string, cure: string): SchemaFound {
  return { finding: problem('schema', message, cure), isUsable: false };
}
