import type { LockOptions } from '../options/lock-options.js';
import { lockMethod, type NamesOf } from './locked-method.js';
import type { LockedMethodOptions, LockNames, SkippingMethodOptions } from './locked-method-options.js';

/**
 * A decorator for methods that give a promise of an `R`, and whose arguments a function of `A` takes. It keeps what other decorators
 * know of the method, in whatever order they stand.
 *
 * @typeParam M the method
 */
export type LockedMethod<A extends unknown[], R> = <M extends (...args: never[]) => Promise<unknown>>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & FittingMethod<M, A, R>,
) => void;

/**
 * What a method has to be besides, or a text that says what is wrong with it.
 *
 * @typeParam M the method
 */
export type FittingMethod<M extends (...args: never[]) => Promise<unknown>, A extends unknown[], R> = ((
  ...args: A
) => void) extends (...args: Parameters<M>) => void
  ? [R] extends [Awaited<ReturnType<M>>]
    ? unknown
    : 'with skipIfTaken the method has to be one that may give undefined'
  : 'the function for the name takes other arguments than the method';

/**
 * Runs the method while it holds a lock: `manager.runExclusive`. The name is fixed, or a function of the method's arguments.
 *
 * For methods of controllers, services and whatever else Nest makes; for others see the guide. The lease is given to a
 * parameter with `@CurrentLease()`. The call rejects with what `runExclusive` rejects with. That is `LockTimeoutError`
 * when its wait is over, `LockLostError` when the lease was lost while the method ran.
 *
 * A method that calls another one with the same lock waits for itself. That is a `LockDeadlockError`, unless with
 * `reentrant: true`.
 *
 * @throws LockOptionsError where it stands, if the name or an option is not valid. A name that a function gives is checked with each
 *   call, which then rejects.
 *
 * @example
 * @Exclusive((order: Order) => `order ${order.id}`, { waitTimeout: '5s' })
 * async pay(order: Order): Promise<Receipt> {}
 */
export function Exclusive<A extends unknown[] = []>(
  names: LockNames | ((...args: A) => LockNames),
  options: SkippingMethodOptions,
): LockedMethod<A, undefined>;
export function Exclusive<A extends unknown[] = []>(
  names: LockNames | ((...args: A) => LockNames),
  options?: LockedMethodOptions & { readonly skipIfTaken?: false | undefined },
): LockedMethod<A, never>;
export function Exclusive<A extends unknown[] = []>(
  names: LockNames | ((...args: A) => LockNames),
  options: LockedMethodOptions = {},
): LockedMethod<A, never> {
  return locked('@Exclusive', names as LockNames | NamesOf, options, 'exclusive');
}

/**
 * As {@link Exclusive}, with a shared lock: together with others that are shared, and with no exclusive one.
 *
 * @example
 * @Shared((id: string) => `report ${id}`)
 * async read(id: string): Promise<Report> {}
 */
export function Shared<A extends unknown[] = []>(
  names: LockNames | ((...args: A) => LockNames),
  options: Omit<SkippingMethodOptions, 'steal'>,
): LockedMethod<A, undefined>;
export function Shared<A extends unknown[] = []>(
  names: LockNames | ((...args: A) => LockNames),
  options?: Omit<LockedMethodOptions, 'steal'> & { readonly skipIfTaken?: false | undefined },
): LockedMethod<A, never>;
export function Shared<A extends unknown[] = []>(
  names: LockNames | ((...args: A) => LockNames),
  options: LockedMethodOptions = {},
): LockedMethod<A, never> {
  return locked('@Shared', names as LockNames | NamesOf, options, 'shared');
}

function locked<A extends unknown[]>(
  decorator: string,
  names: LockNames | NamesOf,
  options: LockedMethodOptions,
  mode: LockOptions['mode'],
): LockedMethod<A, never> {
  return (target, method, descriptor) =>
    lockMethod(decorator, names, { ...options, mode }, target, method, descriptor);
}
