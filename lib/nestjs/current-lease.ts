import type { Lease } from '../lease.js';
import { spotOf } from './spot.js';

/** By prototype and method: the index of the parameter that gets the lease. */
const indexes = new WeakMap<object, Map<string | symbol, number>>();
/** Methods that have such a parameter, and no lock (yet: the decorators of parameters run first). */
const withoutLock = new Map<object, Map<string | symbol, string>>();

/** A decorator for a parameter of the type `Lease`, or `Lease | undefined`. */
export type LeaseParameter = <T extends object, K extends string | symbol, I extends number>(
  target: T,
  method: K,
  index: TakesLease<T, K, I> extends true ? I : 'the parameter has to be a Lease',
) => void;

/** Whether a parameter takes a lease. Private methods are no keys of their class: nothing is known of their parameters. */
export type TakesLease<T, K, I extends number> = K extends keyof T
  ? T[K] extends (...args: infer A) => unknown
    ? Lease extends A[I]
      ? true
      : false
    : false
  : true;

/**
 * For a parameter of a method with `@Exclusive` or `@Shared`. It gets the lease that the method runs under, whatever
 * the caller gives. Make the parameter the last one and optional where your own code calls the method. Of several locks
 * on one method it is the lease of the one that stands next to the method.
 *
 * @example
 * @Exclusive((id: string) => `invoice ${id}`)
 * async send(id: string, @CurrentLease() lease?: Lease): Promise<void> {}
 */
export function CurrentLease(): LeaseParameter {
  return (target, method, index) => {
    const ofClass = indexes.get(target) ?? new Map<string | symbol, number>();
    indexes.set(target, ofClass.set(method, index as number));
    const spots = withoutLock.get(target) ?? new Map<string | symbol, string>();
    withoutLock.set(target, spots.set(method, spotOf(target, method)));
  };
}

/** The index of the parameter of a method with a lock, if it has one. */
export function takeLeaseParameter(target: object, method: string | symbol): number | undefined {
  const spots = withoutLock.get(target);
  spots?.delete(method);
  if (spots?.size === 0) withoutLock.delete(target);
  return indexes.get(target)?.get(method);
}

/** The methods whose parameter would never get a lease. */
export function parametersWithoutLock(): string[] {
  return [...withoutLock.values()].flatMap((spots) => [...spots.values()]);
}
