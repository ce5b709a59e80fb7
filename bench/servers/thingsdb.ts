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

const HOW_TO = 'THINGSDB_URL (a running node) or THINGSDB_BIN (the program) names one';

function environmentAuth(): { username: string; password: string } {
  return {
    username: process.env['THINGSDB_USER'] ?? 'admin',
    password: process.env['THINGSDB_PASSWORD'] ?? 'pass',
  };
}

/** The node at THINGSDB_URL and THINGSDB_TCP, or one started from THINGSDB_BIN. */
export async function thingsdb(): Promise<Maybe<RunningServer>> {
  const { THINGSDB_URL: urls, THINGSDB_BIN: program, THINGSDB_TCP: tcp } = process.env;
  if (urls !== undefined) {
    const first = (list: string | undefined): string[] => list?.split(',').slice(0, 1) ?? [];
    const place = { urls: first(urls), tcp: first(tcp), auth: environmentAuth() };
    return serverAt('thingsdb', await titleOf(place), place);
  }
  if (program === undefined) return { unavailable: HOW_TO };
  return startNodes(program, 1);
}

/** The nodes at THINGSDB_URL if it names three, or three started from THINGSDB_BIN. */
export async function thingsdbCluster(): Promise<Maybe<RunningServer>> {
  const { THINGSDB_URL, THINGSDB_TCP, THINGSDB_BIN: program } = process.env;
  const urls = THINGSDB_URL?.split(',') ?? [];
  if (urls.length >= 3) {
    const place = { urls, tcp: THINGSDB_TCP?.split(',') ?? [], auth: environmentAuth() };
    return serverAt('thingsdb-cluster', await titleOf(place), place);
  }
  if (program === undefined) return { unavailable: `${HOW_TO}; here three nodes are needed` };
  return startNodes(program, 3);
}

async function titleOf(place: ServerPlace): Promise<string> {
  const client = await connected(await makeClient(place.urls[0] ?? ''), place.auth);
  const { version } = (await client.query('@node', 'node_info();')) as { version: string };
  await client.disconnect();
  const nodes = place.urls.length === 1 ? '' : `, ${place.urls.length} nodes`;
  return `ThingsDB ${version}${nodes}`;
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
    const place = {
      urls: nodes.map(({ wsPort }) => `ws://127.0.0.1:${wsPort}`),
      tcp: nodes.map(({ tcpPort }) => `127.0.0.1:${tcpPort}`),
      auth: { username: 'admin', password: 'pass' },
    };
    return serverAt(count === 1 ? 'thingsdb' : 'thingsdb-cluster', await titleOf(place), place, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

const SECRET = 'pass';

async function startNode(program: string, folder: string, index: number): Promise<Node> {
  const [tcpPort, wsPort, nodePort] = [await freePort(), await freePort(), await freePort()];
  const storage = path.join(folder, String(index));
  mkdirSync(path.join(storage, 'modules'), { recursive: true });
  const child = startProgram({
    command: program,
    args: index === 0 ? ['--init'] : ['--secret', SECRET],
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
  await listens(index === 0 ? wsPort : nodePort, child);
  return { child, tcpPort, wsPort, nodePort };
}

const LOOK_EACH_MS = 200;
const JOIN_LIMIT_MS = 60_000;

/** Makes the nodes behind the first members of its cluster, one after the other. */
async function join([first, ...others]: readonly Node[]): Promise<void> {
  if (first === undefined || others.length === 0) return;
  const client = await connected(await makeClient(`ws://127.0.0.1:${first.wsPort}`), undefined);
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
  const url = /listening on (ws:\S+)\n/.exec(printed)?.[1] ?? '';
  const place = { urls: [url], auth: { username: 'admin', password: 'pass' } };
  return serverAt('embedded', 'embedded ThingsDB', place, () => stopProgram(child));
}
