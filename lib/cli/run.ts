import { LockManager, LockOptionsError, LockTimeoutError, type Lease } from '../index.js';
import { ExitStatus } from './exit-status.js';
import { runGuardedCommand, SIGNALS, statusOf } from './guarded-command.js';
import { parseRunArguments, RUN_USAGE, UsageError, type RunArguments } from './run-arguments.js';

const ignore = (): void => undefined;

/** Somebody ended the waiting. */
class Interrupted extends Error {
  constructor(readonly signal: NodeJS.Signals) {
    super(`ended by ${signal}`);
  }
}

/** `thingsdb-lock run`: runs a command while holding a lock. Resolves with the exit status. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    const parsed = parseRunArguments(args, process.env);
    if (parsed !== 'help') return await runWithManager(parsed);
    console.log(RUN_USAGE);
    return ExitStatus.ok;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof LockOptionsError)) throw error;
    complain(`${error.message}\nTry thingsdb-lock run --help`);
    return ExitStatus.usage;
  }
}

async function runWithManager(args: RunArguments): Promise<number> {
  // From here on to the end a signal must not end this process before the lock is given back.
  for (const signal of SIGNALS) process.on(signal, ignore);
  const manager = new LockManager({ url: args.urls, auth: args.auth, collection: args.collection });
  try {
    const lease = await acquire(manager, args);
    return typeof lease === 'number' ? lease : await runHolding(lease, args);
  } finally {
    await manager.close();
    for (const signal of SIGNALS) process.off(signal, ignore);
  }
}

/** The lease, or the exit status if there is none. */
async function acquire(
  manager: LockManager,
  { name, ttl, waitTimeout }: RunArguments,
): Promise<Lease | number> {
  const lock = manager.get(name, { ttl, waitTimeout });
  const interruption = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void => interruption.abort(new Interrupted(signal));
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await lock.acquire({ signal: interruption.signal });
  } catch (error) {
    if (error instanceof LockOptionsError) throw error;
    if (error instanceof Interrupted) return statusOf(error.signal);
    complain((error as Error).message);
    return error instanceof LockTimeoutError ? ExitStatus.notAcquired : ExitStatus.unavailable;
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}

async function runHolding(lease: Lease, args: RunArguments): Promise<number> {
  const tellLost = (): void => complain(`${(lease.signal.reason as Error).message}; stopping the command`);
  lease.signal.addEventListener('abort', tellLost);
  let status: number;
  try {
    status = await runGuardedCommand({
      command: args.command,
      commandArguments: args.commandArguments,
      env: { THINGSDB_LOCK_TOKEN: String(lease.fencingToken), THINGSDB_LOCK_NAME: args.name },
      signal: lease.signal,
      killAfterMs: args.killAfterMs,
    });
  } catch (error) {
    complain(`cannot run ${args.command}: ${(error as Error).message}`);
    status =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? ExitStatus.notFound : ExitStatus.notExecutable;
  }
  lease.signal.removeEventListener('abort', tellLost);
  if (lease.signal.aborted) return ExitStatus.lost;
  return releaseAfter(lease, status);
}

async function releaseAfter(lease: Lease, status: number): Promise<number> {
  try {
    if (await lease.release()) return status;
    complain(`the lock was lost before the command ended (with status ${status})`);
    return ExitStatus.lost;
  } catch (error) {
    // The command has run under the lock from start to end: that is what counts for the caller.
    complain(`the lock could not be released, and frees itself within its ttl: ${(error as Error).message}`);
    return status;
  }
}

function complain(message: string): void {
  console.error(`thingsdb-lock: ${message}`);
}
