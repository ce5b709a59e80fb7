import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { connected, makeClient } from '../systems/thingsdb-client.js';
import type { ServerPlace } from '../systems/lock-system.js';
import {
  endWithHarness,
  freePort,
  listens,
  serverAt,
  startProgram,
  stopProgram,
  temporaryFolder,
} from './program.js';
import type { Maybe, RunningServer } from './running-server.js';

const HOW_TO = 'THINGSDB_URL and THINGSDB_WS_URL (a running node), or THINGSDB_BIN (the program), name one';

function environmentAuth(): { username: string; password: string } {
  return {
    username: process.env['THINGSDB_USER'] ?? 'admin',
    password: process.env['THINGSDB_PASSWORD'] ?? 'pass',
  };
}

/** The node at THINGSDB_URL and THINGSDB_WS_URL, or one started from THINGSDB_BIN. */
export function thingsdb(): Promise<Maybe<RunningServer>> {
  return given(1) ?? started(1);
}

/** The nodes at THINGSDB_URL and THINGSDB_WS_URL if they are three, or three started from THINGSDB_BIN. */
export function thingsdbCluster(): Promise<Maybe<RunningServer>> {
  return given(CLUSTER) ?? started(CLUSTER);
}

const CLUSTER = 3;

/** The first nodes that the environment names, if there are so many. */
function given(count: number): Promise<RunningServer> | undefined {
  const { THINGSDB_URL = '', THINGSDB_WS_URL = '' } = process.env;
  const all = `${THINGSDB_URL},${THINGSDB_WS_URL}`.split(',');
  const [tcp, webSocket] = ['thingsdb://', 'ws'].map((start) => all.filter((url) => url.startsWith(start)));
  const lists = [tcp ?? [], webSocket ?? []].filter(({ length }) => length >= count);
  if (lists.length === 0) return undefined;
  const urls = lists.flatMap((list) => list.slice(0, count));
  return running(count, { urls, auth: environmentAuth() });
}

function started(count: number): Promise<Maybe<RunningServer>> {
  const program = process.env['THINGSDB_BIN'];
  if (program !== undefined) return startNodes(program, count);
  return Promise.resolve({ unavailable: count === 1 ? HOW_TO : `${HOW_TO}; here three nodes are needed` });
}

async function running(
  count: number,
  place: ServerPlace,
  stop?: () => Promise<void>,
): Promise<RunningServer> {
  const client = await connected(makeClient(place.urls[0] ?? ''), place.auth);
  const { version } = (await client.query('@node', 'node_info();')) as { version: string };
  await client.disconnect();
  const title = `ThingsDB ${version}${count === 1 ? '' : `, ${count} nodes`}`;
  return serverAt(count === 1 ? 'thingsdb' : 'thingsdb-cluster', title, place, stop);
}

interface Node {
  readonly child: ChildProcess;
  readonly tcpPort: number;
  readonly wsPort: number;
  readonly nodePort: number;
}

async function startNodes(program: string, count: number): Promise<RunningServer> {
  const folder = temporaryFolder('thingsdb');
  const nodes: Node[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map(({ child }) => stopProgram(child)));
    folder.remove();
  };
  try {
    for (let index = 0; index < count; index++) nodes.push(await startNode(program, folder.path, index));
    await join(nodes);
    const urls = [
      ...nodes.map(({ tcpPort }) => `thingsdb://127.0.0.1:${tcpPort}`),
      ...nodes.map(({ wsPort }) => `ws://127.0.0.1:${wsPort}`),
    ];
    return await running(count, { urls, auth: { username: 'admin', password: 'pass' } }, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

const SECRET = 'pass';

async function startNode(program: string, folder: string, index: number): Promise<Node> {
  const node = await spawnNode(program, path.join(folder, String(index)), index === 0);
  await listens(index === 0 ? node.wsPort : node.nodePort, node.child);
  return node;
}

/** A node on free ports, which has nothing stored. @param isFirst whether it serves by itself, not when it is joined */
export async function spawnNode(program: string, storage: string, isFirst: boolean): Promise<Node> {
  const [tcpPort, wsPort, nodePort] = [await freePort(), await freePort(), await freePort()];
  mkdirSync(path.join(storage, 'modules'), { recursive: true });
  const child = startProgram({
    command: program,
    args: isFirst ? ['--init'] : ['--secret', SECRET],
    env: {
      THINGSDB_STORAGE_PATH: storage,
      THINGSDB_MODULES_PATH: path.join(storage, 'modules'),
      THINGSDB_NODE_NAME: '127.0.0.1',
      THINGSDB_BIND_NODE_ADDR: '127.0.0.1',
      THINGSDB_LISTEN_CLIENT_PORT: String(tcpPort),
      THINGSDB_LISTEN_NODE_PORT: String(nodePort),
      THINGSDB_WS_PORT: String(wsPort),
      THINGSDB_HTTP_API_PORT: '0',
      THINGSDB_HTTP_STATUS_PORT: '0',
    },
  });
  return { child, tcpPort, wsPort, nodePort };
}

const LOOK_EACH_MS = 200;
const JOIN_LIMIT_MS = 60_000;

/** Makes the nodes behind the first members of its cluster, one after the other. */
async function join([first, ...others]: readonly Node[]): Promise<void> {
  if (first === undefined || others.length === 0) return;
  const client = await connected(makeClient(`ws://127.0.0.1:${first.wsPort}`), undefined);
  const endMs = Date.now() + JOIN_LIMIT_MS;
  for (const [index, { nodePort }] of others.entries()) {
    const vars = { secret: SECRET, port: nodePort };
    await client.query('@thingsdb', `new_node(secret, '127.0.0.1', port);`, vars);
    const isReady = async (): Promise<boolean> => {
      const states = (await client.query('@node', 'nodes_info();')) as { readonly status: string }[];
      return states.length === index + 2 && states.every(({ status }) => status === 'READY');
    };
    while (!(await isReady())) {
      if (Date.now() > endMs) throw new Error('the nodes did not become ready');
      await sleep(LOOK_EACH_MS);
    }
  }
  await client.disconnect();
}

/** The embedded server, in a process of its own: in the harness it would share the event loop with it. */
export async function embedded(): Promise<RunningServer> {
  const main = path.join(__dirname, '../../lib/cli/main.ts');
  const args = ['--import', 'tsx', main, 'dev-server', '--port', '0', '--tcp-port', '0'];
  const child = endWithHarness(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
  let printed = '';
  while (!/listening on ws:\S+\n/.test(printed)) {
    const [data] = (await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => {
        throw new Error('the embedded server did not start');
      }),
    ])) as [Buffer];
    printed += data.toString();
  }
  const urls = [...printed.matchAll(/listening on (\S+)\n/g)].map(([, url = '']) => url);
  const place = { urls, auth: { username: 'admin', password: 'pass' } };
  return serverAt('embedded', 'embedded ThingsDB', place, () => stopProgram(child));
}
