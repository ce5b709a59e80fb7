import type { ThingsDBClient } from '../../lib/client/thingsdb-client.js';
import { until } from './until.js';

/**
 * A node that is away to store makes changes again when it finds its queue empty, and looks each 2 s. While suites use
 * the cluster it has taken half a minute. A cluster that has lost the number of a change makes none for 42 s.
 */
export const NODES_LIMIT_MS = 60_000;

type Client = Pick<ThingsDBClient, 'query'>;

/** Of what a node tells of each node. */
interface NodeInfo {
  readonly node_id: number;
  readonly status: string;
}

/** Resolves when each node of the cluster has made what it has answered until now. */
export function allCaughtUp(client: Client): Promise<void> {
  return caughtUp(client, () => true);
}

/** The same of those that serve. One that is away passes reads on to these. */
export function servingCaughtUp(client: Client): Promise<void> {
  return caughtUp(client, ({ status }) => status === 'READY' || status === 'AWAY_SOON');
}

/** What was answered to anybody is made by one node at least. To ask makes no change. */
async function caughtUp(client: Client, isMeant: (node: NodeInfo) => boolean): Promise<void> {
  const nodes = (await client.query('@node', 'nodes_info();')) as NodeInfo[];
  const made = 'node_info().load().local_committed_change_id;';
  const madeBy = async ({ node_id: id }: NodeInfo): Promise<number> =>
    Number(await client.query(`@node:${id}`, made));
  const newest = Math.max(...(await Promise.all(nodes.map(madeBy))));
  const limit = { limitMs: NODES_LIMIT_MS, describe: () => `a node has not made change ${newest}` };
  for (const node of nodes.filter(isMeant)) await until(async () => (await madeBy(node)) >= newest, limit);
}
