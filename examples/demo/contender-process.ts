import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from './server.js';

/** What a contender is to do. */
export interface ContenderTask {
  readonly name: string;
  readonly lockName: string;
  readonly historyPath: string;
  readonly counterPath: string;
  /** How often it takes the lock. */
  readonly rounds: number;
  readonly ttlMs: number;
  /** Keeps the lock when it has it for the last time, until it is killed. */
  readonly isVictim: boolean;
  readonly isLockUsed: boolean;
}

/** `ready`: connected, waits for the start. `extended`: the lease that it holds has been renewed. */
export type FromContender = 'ready' | 'extended';

/** One of the contenders, as the process that started it sees it. */
export class ContenderProcess {
  readonly name: string;
  /** How it ended: its exit code, or the signal that killed it. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;

  /** @param signal kills it */
  constructor(task: ContenderTask, url: string | undefined, signal: AbortSignal) {
    this.name = task.name;
    this.#child = fork(join(__dirname, 'contender.ts'), [JSON.stringify(task)], {
      cwd: REPOSITORY,
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, THINGSDB_URL: url },
      signal,
      killSignal: 'SIGKILL',
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(signal ?? code ?? 'nothing known'));
      this.#child.once('error', (error) => resolve(error.message));
    });
  }

  /** Resolves when it says so, rejects if it ends before that. */
  async said(message: FromContender): Promise<void> {
    const heard = new Promise<'heard'>((resolve) => {
      this.#child.on('message', (said) => {
        if (said === message) resolve('heard');
      });
    });
    const first = await Promise.race([heard, this.ended]);
    if (first !== 'heard') throw new Error(`${this.name} ended (${first}) before it was ${message}`);
  }

  start(): void {
    this.#child.send('start');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
