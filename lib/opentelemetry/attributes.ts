import type { Attributes } from '@opentelemetry/api';
import type { AcquireTrace, LockMessage } from '../diagnostics/messages.js';

/** Names of attributes: those of OpenTelemetry's semantic conventions where it has one. */
export const ATTRIBUTE = {
  system: 'db.system.name',
  collection: 'db.namespace',
  operation: 'db.operation.name',
  errorType: 'error.type',
  name: 'thingsdb.lock.name',
  names: 'thingsdb.lock.names',
  owner: 'thingsdb.lock.owner',
  mode: 'thingsdb.lock.mode',
  permits: 'thingsdb.lock.permits',
  position: 'thingsdb.lock.queue.position',
  token: 'thingsdb.lock.fencing_token',
  renewals: 'thingsdb.lock.renewals',
  outcome: 'thingsdb.lock.outcome',
  reason: 'thingsdb.lock.lost.reason',
} as const;

/** What a span says of the lock. */
export function lockAttributes({ manager, name, names }: LockMessage): Attributes {
  const attributes: Attributes = {
    [ATTRIBUTE.system]: 'thingsdb',
    [ATTRIBUTE.collection]: manager.collection,
    [ATTRIBUTE.owner]: manager.owner,
    [ATTRIBUTE.name]: name,
  };
  if (names.length > 1) attributes[ATTRIBUTE.names] = [...names];
  return attributes;
}

/** What a span says of how the lock was asked for. */
export function acquireAttributes(acquire: AcquireTrace): Attributes {
  return {
    ...lockAttributes(acquire),
    [ATTRIBUTE.operation]: acquire.how,
    [ATTRIBUTE.mode]: acquire.mode,
    [ATTRIBUTE.permits]: acquire.permits,
  };
}

/** The code of an error of the lock; of another, its name. */
export function errorType(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  return typeof name === 'string' && name !== '' ? name : '_OTHER';
}
