import { ServerError } from '../../client/server-error.js';
import { LockPermissionError } from '../../errors.js';
import type { ResolvedManagerOptions } from '../../options/resolved-manager-options.js';
import { PROBES, type Probe, type Use } from '../../schema/probes.js';
import { ok, problem, type Finding } from './finding.js';
import { unlessRefused, type VisitedNode } from './visited-node.js';

const USES = Object.keys(PROBES) as Use[];

/** What this user may do, by asking for each of it in a way that does nothing. */
export async function rights(
  { connection }: VisitedNode,
  { collection, prefix }: ResolvedManagerOptions,
): Promise<Finding[]> {
  const scope = `//${collection}`;
  const ask = (probe: Probe): Promise<string | undefined> =>
    refusal(connection.run(scope, prefix + probe.procedure, [...probe.args]));
  const refused = new Map<Use, string>();
  for (const use of USES) {
    const reasons = await Promise.all(PROBES[use].map(ask));
    const reason = reasons.find((one) => one !== undefined);
    if (reason !== undefined) refused.set(use, reason);
  }
  return [...ofLocking(refused.get('lock')), await waiting(connection.join(scope)), ofOthers(refused)];
}

function ofLocking(reason: string | undefined): Finding[] {
  if (reason === undefined) return [ok('rights', 'this user may lock')];
  return [
    problem(
      'rights',
      `this user may not lock: ${reason}`,
      'grant the rights of a service in docs/OPERATIONS.md',
    ),
  ];
}

/** Who waits is told in a room. It joins none here, and is refused like a call that does. */
async function waiting(joined: Promise<unknown>): Promise<Finding> {
  if ((await unlessRefused(joined)) !== 'refused') return ok('rights', 'this user may wait for locks (JOIN)');
  const message = 'this user may not wait for locks: the right JOIN is missing';
  return problem('rights', message, 'grant RUN|CHANGE|JOIN, as for a service in docs/OPERATIONS.md');
}

/** Least rights are a good thing: what a service does not need is told, and is no fault. */
function ofOthers(refused: ReadonlyMap<Use, string>): Finding {
  const others = USES.filter((use) => use !== 'lock');
  const may = others.filter((use) => !refused.has(use)).join(', ') || 'nothing';
  const mayNot = others.filter((use) => refused.has(use)).join(', ');
  return ok('rights', `besides, this user may: ${may}${mayNot && `; may not: ${mayNot}`}`);
}

/** Why it was refused. `undefined` if it was not, because a refusal of the arguments comes after that of the user. */
async function refusal(asked: Promise<unknown>): Promise<string | undefined> {
  try {
    await asked;
    return undefined;
  } catch (error) {
    if (error instanceof LockPermissionError) return error.message;
    if (error instanceof ServerError) return undefined;
    throw error;
  }
}
