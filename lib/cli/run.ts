import { settledWithin } from '../async/within.js';
import {
  LockConnectionError,
  LockManager,
  LockOptionsError,
  LockTimeoutError,
  type Lease,
} from '../index.js';
import { ExitStatus } from './exit-status.js';
import { runGuardedCommand, statusOf } from './guarded-command.js';
import { Interrupted, Interruption } from './interruption.js';
import { parseRunArguments, RUN_USAGE, UsageError, type RunArguments } from './run-arguments.js';

/** How long giving back may take at the end, when everything has been said. */
const LEAVE_MS = 1_000;

/** What a command does not inherit: it needs no login to run under a lock. */
const SECRETS = { THINGSDB_PASSWORD: undefined, THINGSDB_TOKEN: undefined } as const;

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
  const { urls: url, auth, tls, collection } = args;
  const manager = new LockManager({ url, auth, tls, collection });
  // From here on to the end a signal must not end this process before the lock is given back.
  const interruption = new Interruption();
  let status: number;
  try {
    const lease = await acquire(manager, args, interruption);
    status = typeof lease === 'number' ? lease : await runHolding(lease, args, interruption);
  } finally {
    const isClosed = await settledWithin(manager.close(), LEAVE_MS);
    interruption.stopListening();
    // What the server has not confirmed by now it does by itself, within the ttl.
    if (!isClosed) setImmediate(() => process.exit());
  }
  return status;
}

/** The lease, or the exit status if there is none. */
async function acquire(
  manager: LockManager,
  { name, ttl, waitTimeout }: RunArguments,
  interruption: Interruption,
): Promise<Lease | number> {
  const lock = manager.get(name, { ttl, waitTimeout: waitTimeout ?? Infinity });
  try {
    // Only who says how long to wait wants to wait for a server too.
    if (waitTimeout === undefined) await interruption.orInterrupted(manager.setup());
    return await lock.acquire({ signal: interruption.signal });
  } catch (error) {
    if (error instanceof LockOptionsError) throw error;
    if (error instanceof Interrupted) return statusOf(error.signal);
    complain((error as Error).message);
    return isHeldByOthers(error) ? ExitStatus.notAcquired : ExitStatus.unavailable;
  }
}

/** Whether the server has said so: a wait that is over may also have been one for a server. */
function isHeldByOthers(error: unknown): boolean {
  return error instanceof LockTimeoutError && !(error.cause instanceof LockConnectionError);
}

async function runHolding(lease: Lease, args: RunArguments, interruption: Interruption): Promise<number> {
  if (interruption.signal.aborted) {
    return releaseAfter(lease, statusOf((interruption.signal.reason as Interrupted).signal));
  }
  const tellLost = (): void => complain(`${(lease.signal.reason as Error).message}; stopping the command`);
  lease.signal.addEventListener('abort', tellLost);
  interruption.isCommandRunning = true;
  let status: number;
  try {
    status = await runGuardedCommand({
      command: args.command,
      commandArguments: args.commandArguments,
      env: {
        ...(args.passesCredentials ? {} : SECRETS),
        THINGSDB_LOCK_TOKEN: String(lease.fencingToken),
        THINGSDB_LOCK_NAME: args.name,
      },
      signal: lease.signal,
      killAfterMs: args.killAfterMs,
    });
  } catch (error) {
    complain(`cannot run ${args.command}: ${(error as Error).message}`);
    status =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? ExitStatus.notFound : ExitStatus.notExecutable;
  }
  interruption.isCommandRunning = false;
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
