import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerName, ServerPlace } from '../systems/lock-system.js';
import { cpuUsOf, familyOf, pidListeningOn, rssBytesOf } from './processes.js';
import type { RunningServer } from './running-server.js';

const cleanUps = new Set<() => void>();
process.once('exit', () => {
  // A server before its folder.
  for (const cleanUp of [...cleanUps].reverse()) cleanUp();
});

/** Does it when the harness ends, however it ends, unless it was done before: returns how to do it. */
function atTheLatestOnExit(work: () => void): () => void {
  const cleanUp = (): void => {
    if (cleanUps.delete(cleanUp)) work();
  };
  cleanUps.add(cleanUp);
  return cleanUp;
}

/** A folder for a server's files, gone when the server is. */
export function temporaryFolder(name: string): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), `bench-${name}-`));
  return { path: folder, remove: atTheLatestOnExit(() => rmSync(folder, { recursive: true, force: true })) };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const START_LIMIT_MS = 20_000;
const LOOK_EACH_MS = 50;

/** Resolves when something listens there. @throws if it ends before, or takes too long */
export async function listens(port: number, child: ChildProcess): Promise<void> {
  const endMs = Date.now() + START_LIMIT_MS;
  while (!(await canConnect(port))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended at once');
    if (Date.now() > endMs)
      throw new Error(`nothing listened on port ${port} in ${START_LIMIT_MS / 1_000} s`);
    await sleep(LOOK_EACH_MS);
  }
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const connected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  socket.destroy();
  return connected;
}

/** What a command prints, or undefined if there is no such command. */
export function outputOf(command: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

export interface ProgramSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Another user, if we may become one. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

export function startProgram({ command, args, env, user }: ProgramSpec): ChildProcess {
  return endWithHarness(spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore', ...user }));
}

/** A server must not outlive whoever started it for a measurement. */
export function endWithHarness<T extends ChildProcess>(child: T): T {
  child.once(
    'exit',
    atTheLatestOnExit(() => child.kill('SIGKILL')),
  );
  return child;
}

const STOP_LIMIT_MS = 5_000;

export async function stopProgram(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await exited;
  clearTimeout(limit);
}

/** Of the servers only ThingsDB may be named without its port. */
const THINGSDB_PORT = '9200';
const HERE = ['127.0.0.1', 'localhost', '[::1]'];

/** A server on this machine, of one or several nodes; or on others: then nothing is known of its processes. */
export function serverAt(
  name: ServerName,
  title: string,
  place: ServerPlace,
  stop: () => Promise<void> = () => Promise.resolve(),
): RunningServer {
  const pids = new Set(
    place.urls.map((url) => {
      const { hostname, port } = new URL(url);
      return HERE.includes(hostname) ? pidListeningOn(Number(port || THINGSDB_PORT)) : undefined;
    }),
  );
  const sum = (of: (pid: number) => number | undefined): number | undefined => {
    let total = 0;
    for (const pid of pids) {
      if (pid === undefined) return undefined;
      for (const each of familyOf(pid)) total += of(each) ?? 0;
    }
    return total;
  };
  return { name, title, place, cpuUs: () => sum(cpuUsOf), rssBytes: () => sum(rssBytesOf), stop };
}
