import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BurstTask, FromBurstClients } from './burst-messages.js';

const END_LIMIT_MS = 10_000;
const LOOK_EVERY_MS = 50;
const REPOSITORY = join(__dirname, '../..');

interface Count {
  readonly atMs: number;
  readonly grants: number;
  readonly failures: number;
}

/** Many clients in a few processes, as their parent sees them. */
export class BurstClients {
  readonly #children: ChildProcess[] = [];
  readonly #counts: Count[] = [];

  /** Resolves when each client has had its lock once. @throws when one of their processes ends before */
  static async start(task: BurstTask, perProcess: number): Promise<BurstClients> {
    const groups: string[][] = [];
    for (let at = 0; at < task.names.length; at += perProcess)
      groups.push(task.names.slice(at, at + perProcess));
    const clients = new BurstClients();
    try {
      // One process after the other: a thousand connections at once look like nodes that hang, to each other.
      for (const names of groups) await ready(clients.#fork({ ...task, names }));
    } catch (error) {
      await clients.kill();
      throw error;
    }
    return clients;
  }

  #fork(task: BurstTask): ChildProcess {
    const child = forked(task);
    this.#children.push(child);
    child.on('message', (message: FromBurstClients) => {
      if (message.told === 'count') this.#counts.push(message);
    });
    return child;
  }

  get #running(): ChildProcess[] {
    return this.#children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  }

  get processes(): number {
    return this.#children.length;
  }

  /** Of all clients together, a second. */
  rate(fromMs: number, toMs: number): number {
    const counts = this.#counts.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
    return counts.reduce((sum, { grants }) => sum + grants, 0) / ((toMs - fromMs) / 1000);
  }

  failures(fromMs: number, toMs: number): number {
    const counts = this.#counts.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
    return counts.reduce((sum, { failures }) => sum + failures, 0);
  }

  /** In good order, as far as their server lets them; gone when this resolves. */
  async end(): Promise<void> {
    for (const child of this.#running) child.send('end', () => undefined);
    const limitMs = performance.now() + END_LIMIT_MS;
    while (this.#running.length > 0 && performance.now() < limitMs) await sleep(LOOK_EVERY_MS);
    await this.kill();
  }

  /** SIGKILL, all at once; gone when this resolves. */
  async kill(): Promise<void> {
    const running = this.#running;
    const gone = running.map((child) => once(child, 'exit'));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(gone);
  }
}

function forked(task: BurstTask): ChildProcess {
  return fork(join(__dirname, 'burst-main.ts'), [JSON.stringify(task)], {
    cwd: REPOSITORY,
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: FromBurstClients) => message.told === 'ready' && resolve());
    child.once('exit', (code, signal) => reject(new Error(`a process of clients ended: ${signal ?? code}`)));
  });
}
