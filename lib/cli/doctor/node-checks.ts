import { ok, problem, skipped, warning, type Finding } from './finding.js';
import { unlessRefused, type VisitedNode } from './visited-node.js';

/** The versions that all of this was tried with. */
const TRIED = /^1\.9\./;
/** States of a node that takes part in changes, as ThingsDB counts them. */
const SERVING: ReadonlySet<string> = new Set(['READY', 'AWAY', 'AWAY_SOON', 'SYNCHRONIZING']);
const NO_RIGHT = "this user has no QUERY on '@node'";

interface NodeStatus {
  readonly name: string;
  readonly status: string;
}

export async function version({ address, connection }: VisitedNode): Promise<Finding> {
  const info = await unlessRefused(connection.query('@node', 'node_info();'));
  if (info === 'refused') return skipped('version', `not known: ${NO_RIGHT}`);
  const found = String((info as { version?: unknown } | null)?.version);
  const message = `${address.shown} is ThingsDB ${found}`;
  if (TRIED.test(found)) return ok('version', message);
  return warning('version', message, 'this was tried with 1.9.3: try your own programs on it first');
}

/** How many nodes there are, and whether they can make changes. */
export async function cluster(
  { connection }: VisitedNode,
  urls: number,
): Promise<{ readonly count: number | undefined; readonly findings: readonly Finding[] }> {
  const info = await unlessRefused(connection.query('@node', 'nodes_info();'));
  if (info === 'refused') {
    return { count: undefined, findings: [skipped('nodes', `not known: ${NO_RIGHT}`)] };
  }
  const nodes = nodeStatuses(info);
  return { count: nodes.length, findings: [...quorum(nodes), ...clusterOf(nodes.length, urls)] };
}

function nodeStatuses(info: unknown): NodeStatus[] {
  return (Array.isArray(info) ? info : []).map(
    (node: { node_name?: unknown; port?: unknown; status?: unknown }) => ({
      name: `${String(node.node_name)}:${String(node.port)}`,
      status: String(node.status),
    }),
  );
}

function quorum(nodes: readonly NodeStatus[]): Finding[] {
  const serving = nodes.filter(({ status }) => SERVING.has(status));
  // ThingsDB lets one of two nodes go on without the other.
  const needed = nodes.length === 2 ? 1 : Math.floor(nodes.length / 2) + 1;
  const counted = `${serving.length} of ${nodes.length} nodes serve, ${needed} needed`;
  const others = nodes.filter(({ status }) => !SERVING.has(status));
  const names = others.map(({ name, status }) => `${name} is ${status}`).join(', ');
  if (serving.length < needed) {
    return [problem('nodes', `${counted}: no change can be made; ${names}`, 'start the other nodes')];
  }
  if (others.length === 0) return [ok('nodes', counted)];
  return [warning('nodes', `${counted}; ${names}`, 'start the other nodes, or remove them from the cluster')];
}

function clusterOf(count: number, urls: number): Finding[] {
  const findings: Finding[] = [];
  if (count === 2) {
    const message = 'of two nodes each goes on alone when they lose each other: a lock may be held on both';
    findings.push(warning('nodes', message, 'use three nodes, or one'));
  }
  if (count > urls) {
    const message = `${urls} of the ${count} nodes ${urls === 1 ? 'is' : 'are'} named: when that fails, no other is tried`;
    findings.push(
      warning('nodes', message, 'name all nodes, separated by commas, in the same order for every program'),
    );
  }
  return findings;
}
