import { once } from 'node:events';
import { LockOptionsError } from '../../errors.js';
import type { DistributedLock, Lease, LockManager } from '../../index.js';
import type { Call } from '../cli-command.js';
import { ExitStatus } from '../exit-status.js';
import { failure } from '../failure.js';
import { printable, quoted } from '../printable.js';
import { runGuardedCommand } from './guarded-command.js';
import { statusOf } from './ending-signals.js';
import { Interrupted, type Interruption } from './interruption.js';
import { statusFor, type RunOptions } from './run-arguments.js';
import { WaitingReport } from './waiting-report.js';

/** What a command does not inherit: it needs no login to run under a lock. */
const SECRETS = { THINGSDB_PASSWORD: undefined, THINGSDB_TOKEN: undefined } as const;

export interface HoldingOptions {
  readonly manager: LockManager;
  readonly lock: DistributedLock;
  readonly owner: string;
  readonly interruption: Interruption;
  readonly call: Call<RunOptions>;
}

/** One lock of `run`: waited for, held until the command ends or somebody ends it, and given back. */
export class Holding {
  readonly #manager: LockManager;
  readonly #lock: DistributedLock;
  readonly #interruption: Interruption;
  readonly #call: Call<RunOptions>;
  readonly #report: WaitingReport;

  constructor({ manager, lock, owner, interruption, call }: HoldingOptions) {
    this.#manager = manager;
    this.#lock = lock;
    this.#interruption = interruption;
    this.#call = call;
    this.#report = new WaitingReport(manager, lock.names, owner, call.output);
    this.#tellEvents();
  }

  /** The exit status, once it is over. @throws LockOptionsError */
  async status(): Promise<number> {
    const lease = await this.#acquire();
    if (typeof lease === 'number') return lease;
    const { behindDashes: [command, ...commandArguments] = [] } = this.#call;
    const signal = this.#interruption.signal;
    if (command === undefined) return this.#hold(lease);
    if (signal.aborted) return this.#release(lease, statusOf((signal.reason as Interrupted).signal));
    return this.#run(lease, command, commandArguments);
  }

  #tellEvents(): void {
    const { output } = this.#call;
    this.#lock.on('waiting', ({ position }) => void this.#report.begin(position));
    this.#lock.on('acquired', () => this.#report.end());
    this.#lock.on('releaseRequested', ({ by }) =>
      output.warning(`${printable(by)} asks to release the lock`),
    );
    this.#manager.on('connected', () => output.detail({ type: 'connected' }, 'connected'));
    this.#manager.on('disconnected', ({ reason }) =>
      output.detail({ type: 'disconnected', message: reason.message }, `disconnected: ${reason.message}`),
    );
    this.#manager.on('reconnecting', ({ delayMs }) =>
      output.detail({ type: 'reconnecting', delayMs }, `connecting again in ${delayMs} ms`),
    );
  }

  /** The lease, or the exit status if there is none. */
  async #acquire(): Promise<Lease | number> {
    const { options, output } = this.#call;
    const startMs = performance.now();
    try {
      // Only who says how long to wait wants to wait for a server too.
      if (options.wait && options.waitTimeout === undefined) {
        await this.#interruption.orInterrupted(this.#manager.setup());
      }
      const lease = await this.#granted();
      if (lease === null) return this.#busy();
      this.#tellAcquired(lease, performance.now() - startMs);
      return lease;
    } catch (error) {
      if (error instanceof LockOptionsError) throw error;
      if (error instanceof Interrupted) return statusOf(error.signal);
      return statusFor(failure(error, output, 'thingsdb-lock run --help'), options);
    } finally {
      this.#report.end();
    }
  }

  /** `null` if it is not free, and is not to be waited for. */
  #granted(): Promise<Lease | null> {
    const { wait, count } = this.#call.options;
    const options = { signal: this.#interruption.signal, ...(count !== undefined && { count }) };
    return wait ? this.#lock.acquire(options) : this.#lock.tryAcquire(options);
  }

  #busy(): number {
    const names = this.#lock.names.map(quoted).join(' and ');
    const status = statusFor(ExitStatus.notAcquired, this.#call.options);
    this.#complain('LOCK_TIMEOUT', `${names} is not free, and --no-wait does not wait`, status);
    return status;
  }

  /** With a command its output is the command's. */
  #tellAcquired({ names, fencingToken, fencingTokens }: Lease, waitedMs: number): void {
    const { output, behindDashes } = this.#call;
    const record = {
      type: 'acquired',
      names,
      fencingToken,
      fencingTokens: Object.fromEntries(fencingTokens),
      waitedMs: Math.round(waitedMs),
    };
    const text = `holding ${names.map(quoted).join(' and ')}, fencing token ${fencingToken}`;
    if (behindDashes !== undefined) {
      output.detail(record, text);
      return;
    }
    output.result(record, text);
    output.hint('Ctrl-C gives it back');
  }

  /** Until it is ended, or lost. */
  async #hold(lease: Lease): Promise<number> {
    const { signal } = this.#interruption;
    if (!signal.aborted && !lease.signal.aborted) {
      await Promise.race([once(signal, 'abort'), once(lease.signal, 'abort')]);
    }
    if (!lease.signal.aborted) return this.#release(lease, ExitStatus.ok);
    this.#tellLost(lease, '');
    return ExitStatus.lost;
  }

  async #run(lease: Lease, command: string, commandArguments: readonly string[]): Promise<number> {
    const tellLost = (): void => this.#tellLost(lease, '; stopping the command');
    lease.signal.addEventListener('abort', tellLost);
    this.#interruption.isCommandRunning = true;
    const status = await this.#commandStatus(lease, command, commandArguments);
    this.#interruption.isCommandRunning = false;
    lease.signal.removeEventListener('abort', tellLost);
    return lease.signal.aborted ? ExitStatus.lost : this.#release(lease, status);
  }

  async #commandStatus(lease: Lease, command: string, commandArguments: readonly string[]): Promise<number> {
    const { options } = this.#call;
    try {
      return await runGuardedCommand({
        command,
        commandArguments,
        env: {
          ...(options.passCredentials ? {} : SECRETS),
          THINGSDB_LOCK_TOKEN: String(lease.fencingToken),
          THINGSDB_LOCK_NAME: lease.name,
          THINGSDB_LOCK_TOKENS: JSON.stringify(Object.fromEntries(lease.fencingTokens)),
        },
        signal: lease.signal,
        killAfterMs: options.killAfter,
      });
    } catch (error) {
      const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const status = isAbsent ? ExitStatus.notFound : ExitStatus.notExecutable;
      this.#complain('COMMAND', `cannot run ${command}: ${(error as Error).message}`, status);
      return status;
    }
  }

  async #release(lease: Lease, status: number): Promise<number> {
    try {
      if (await lease.release()) {
        this.#call.output.detail({ type: 'released', names: lease.names }, 'released');
        return status;
      }
      this.#complain('LOCK_LOST', `the lock was lost before the end (status ${status})`, ExitStatus.lost);
      return ExitStatus.lost;
    } catch (error) {
      // It was held from start to end: that is what counts for the caller.
      const why = (error as Error).message;
      this.#call.output.warning(`the lock could not be released, and frees itself within its ttl: ${why}`);
      return status;
    }
  }

  #tellLost(lease: Lease, consequence: string): void {
    const { message } = lease.signal.reason as Error;
    this.#complain('LOCK_LOST', `${message}${consequence}`, ExitStatus.lost);
  }

  #complain(code: string, message: string, status: number): void {
    this.#call.output.problem({ type: 'error', code, message, status }, message);
  }
}
