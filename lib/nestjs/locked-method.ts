import { LockOptionsError } from '../errors.js';
import type { Lease } from '../lease.js';
import type { LockManager } from '../lock-manager.js';
import { checkedNames } from '../options/names.js';
import { resolveLockOptions } from '../options/resolved-lock-options.js';
import type { LockOptions } from '../options/lock-options.js';
import { takeLeaseParameter } from './current-lease.js';
import { injectManager } from './injected-manager.js';
import type { LockedMethodOptions, LockNames } from './locked-method-options.js';
import { spotOf } from './spot.js';

export type NamesOf = (...args: unknown[]) => LockNames;
type Method = (...args: unknown[]) => unknown;

/** What a locked method does, whichever instance it is called on. */
interface Plan {
  readonly label: string;
  readonly method: Method;
  readonly names: LockNames | NamesOf;
  readonly leaseIndex: number | undefined;
  readonly options: LockOptions;
  readonly skipIfTaken: boolean;
  readonly managerOf: (instance: unknown) => LockManager;
}

/**
 * Puts a method that locks into the place of a method. Where the class is declared, not when the application starts.
 * Nest has taken the handlers of routes by then, and makes instances later too (see docs/decisions).
 *
 * @throws LockOptionsError
 */
export function lockMethod(
  decorator: string,
  names: LockNames | NamesOf,
  options: LockedMethodOptions & Pick<LockOptions, 'mode'>,
  target: object,
  key: string | symbol,
  descriptor: PropertyDescriptor,
): void {
  assertIsMethod(decorator, target, key, descriptor);
  const label = `${decorator} of ${spotOf(target, key)}`;
  const method = descriptor.value as Method;
  const { manager, skipIfTaken = false, ...lockOptions } = options;
  saying(label, () => check(names, lockOptions, skipIfTaken));
  const plan: Plan = {
    ...{ label, method, names, skipIfTaken, options: lockOptions },
    leaseIndex: takeLeaseParameter(target, key),
    managerOf: injectManager(target, manager, label),
  };
  descriptor.value = inPlaceOf(method, async function (this: unknown, ...args: unknown[]) {
    return run(plan, this, args);
  });
}

async function run(plan: Plan, instance: unknown, args: unknown[]): Promise<unknown> {
  const { label, method, leaseIndex, options, managerOf } = plan;
  const manager = managerOf(instance);
  const names = namesFor(plan, args);
  const call = async (lease: Lease): Promise<unknown> => {
    const given = [...args];
    if (leaseIndex !== undefined) given[leaseIndex] = lease;
    return settled(label, await method.apply(instance, given));
  };
  if (!plan.skipIfTaken) return manager.runExclusive(names, call, options);
  let result: unknown;
  await manager.tryRunExclusive(names, async (lease) => void (result = await call(lease)), options);
  return result;
}

/** A name that is fixed was checked where it stands. */
function namesFor({ names, label }: Plan, args: unknown[]): LockNames {
  if (typeof names !== 'function') return names;
  const given = names(...args);
  return saying(label, () => checkedNames(given));
}

/** An observable does its work when it is subscribed to: after the lock was given back. */
function settled(label: string, result: unknown): unknown {
  const isObservable =
    typeof (result as { subscribe?: unknown } | null | undefined)?.subscribe === 'function';
  if (!isObservable) return result;
  throw new LockOptionsError(
    `${label}: it gives an Observable, which would run without the lock; await lastValueFrom() of it`,
  );
}

function check(names: LockNames | NamesOf, options: LockOptions, skipIfTaken: boolean): void {
  if (typeof names !== 'function') checkedNames(names);
  resolveLockOptions(options);
  if (skipIfTaken && options.waitTimeout !== undefined)
    throw new LockOptionsError('skipIfTaken does not wait: leave out waitTimeout, or skipIfTaken');
}

/** What is wrong is said with the place where it stands. */
function saying<T>(label: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof LockOptionsError)) throw error;
    throw new LockOptionsError(`${label}: ${error.message}`, { cause: error });
  }
}

function assertIsMethod(decorator: string, target: unknown, key: unknown, descriptor: unknown): void {
  if (typeof key === 'object' && key !== null && 'kind' in key)
    throw new LockOptionsError(
      `${decorator} needs experimentalDecorators in tsconfig.json, as all decorators for Nest do`,
    );
  const isStatic = typeof target === 'function';
  const isMethod = typeof (descriptor as PropertyDescriptor | undefined)?.value === 'function';
  if (!isStatic && isMethod) return;
  throw new LockOptionsError(
    `${decorator} is for methods of instances; ${String(key)} is ${isStatic ? 'static' : 'none'}`,
  );
}

/**
 * What other decorators have noted on the method holds for the other one as well. So does what shows which method it
 * is.
 */
function inPlaceOf(method: Method, other: Method): Method {
  for (const key of Reflect.getOwnMetadataKeys(method)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), other);
  }
  for (const property of ['name', 'length'] as const) {
    Object.defineProperty(other, property, { value: method[property], configurable: true });
  }
  return other;
}
