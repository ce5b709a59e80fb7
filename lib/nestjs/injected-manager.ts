import { Inject } from '@nestjs/common';
import { LockOptionsError } from '../errors.js';
import type { LockManager } from '../lock-manager.js';
import { getLockManagerToken } from './manager-token.js';

/** By the name of a manager: the property that Nest puts it into. */
const properties = new Map<string | undefined, symbol>();
/** Which of them a class has asked for. */
const askedFor = new WeakMap<object, Set<symbol>>();

/**
 * Has Nest put a manager into each instance of a class. An application without that manager does not start. The property's name
 * is what Nest's message shows then.
 *
 * @returns tells the manager of an instance; throws LockOptionsError for one that Nest has not made
 */
export function injectManager(
  target: object,
  name: string | undefined,
  label: string,
): (instance: unknown) => LockManager {
  const property = propertyFor(name);
  const asked = askedFor.get(target) ?? new Set();
  if (!asked.has(property)) Inject(getLockManagerToken(name))(target, property);
  askedFor.set(target, asked.add(property));
  return (instance) => {
    const manager = (instance as Record<symbol, LockManager | undefined> | undefined)?.[property];
    if (manager !== undefined) return manager;
    throw new LockOptionsError(
      `${label}: this object has no lock manager, as Nest has not made it; list its class in providers, without new or a factory`,
    );
  };
}

function propertyFor(name: string | undefined): symbol {
  const given = name === undefined ? 'url, auth' : `name: '${name}', url, auth`;
  const property =
    properties.get(name) ??
    Symbol(`@Exclusive and @Shared need a lock manager: import LockModule.forRoot({ ${given} })`);
  properties.set(name, property);
  return property;
}
