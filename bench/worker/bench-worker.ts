import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { LockSystem } from '../systems/lock-system.js';
import { Unavailable } from '../unavailable.js';
import type { OperationName, Operations } from './operations.js';

/** A worker as the harness sees it: the operations, and its end. */
export interface BenchWorker {
  call<Op extends OperationName>(
    op: Op,
    ...args: Parameters<Operations[Op]>
  ): Promise<Awaited<ReturnType<Operations[Op]>>>;
  /** As a machine that loses power: it says nothing to anybody. */
  kill(): Promise<void>;
  /** Closes what it has open, and ends. */
  close(): Promise<void>;
}

interface Pending {
  resolve(result: never): void;
  reject(error: Error): void;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly unavailable?: string;
}

const CLOSE_LIMIT_MS = 5_000;
/** Longer than any workload lets a worker work. */
const OPERATION_LIMIT_MS = 180_000;

/** A worker in a process of its own. */
export class WorkerProcess implements BenchWorker {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #errors = '';

  constructor(program: LockSystem['program'], env: NodeJS.ProcessEnv = {}, nodeOptions: string[] = []) {
    const [command, args] = commandOf(program, nodeOptions);
    this.#child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#errors = (this.#errors + text.toString()).slice(-2_000);
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#answered(line));
    this.#child.on('error', (error) => this.#ended(error.message));
    this.#child.on('close', () => this.#ended('the process that measures ended'));
    // Written to after its end: the end itself is what rejects.
    this.#child.stdin?.on('error', () => undefined);
  }

  call<Op extends OperationName>(
    op: Op,
    ...[args]: Parameters<Operations[Op]>
  ): Promise<Awaited<ReturnType<Operations[Op]>>> {
    if (this.#hasEnded) {
      return Promise.reject(new Error(`the process that measures has ended: ${this.#errors}`));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#pending.delete(id);
        reject(new Error(`${op} took longer than ${OPERATION_LIMIT_MS / 1_000} s`));
      }, OPERATION_LIMIT_MS);
      this.#pending.set(id, {
        resolve: (result) => (clearTimeout(limit), resolve(result)),
        reject: (error) => (clearTimeout(limit), reject(error)),
      });
      this.#child.stdin?.write(`${JSON.stringify({ id, op, args: args ?? {} })}\n`);
    });
  }

  async kill(): Promise<void> {
    if (this.#hasEnded) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    if (this.#hasEnded) return;
    const ended = once(this.#child, 'exit');
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_LIMIT_MS);
    // Rejected when the process ends before it has answered: it has ended, which is what is wanted.
    this.call('close').catch(() => undefined);
    await ended;
    clearTimeout(limit);
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #answered(line: string): void {
    const { id, result, error, unavailable } = JSON.parse(line) as Answer;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (unavailable !== undefined) pending?.reject(new Unavailable(unavailable));
    else if (error !== undefined) pending?.reject(new Error(error));
    else pending?.resolve(result as never);
  }

  #ended(reason: string): void {
    const text = [reason, this.#errors.trim()].filter((part) => part !== '').join(': ');
    for (const pending of this.#pending.values()) pending.reject(new Error(text));
    this.#pending.clear();
  }
}

function commandOf(program: LockSystem['program'], nodeOptions: string[]): [string, string[]] {
  if (program === 'python') return ['python3', [path.join(__dirname, 'worker.py')]];
  const main = path.join(__dirname, 'worker-main.ts');
  return [process.execPath, ['--expose-gc', '--import', 'tsx', ...nodeOptions, main]];
}
