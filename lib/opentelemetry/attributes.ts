import type { Attributes } from '@opentelemetry/api';
import type { AcquireTrace, HoldTrace } from '../diagnostics/messages.js';

// Names are those of OpenTelemetry's semantic conventions, where these have one.

/** What the span of a call says from its start on. */
export function acquireAttributes({ manager, name, names, how, mode, count }: AcquireTrace): Attributes {
  const attributes: Attributes = {
    'db.system.name': 'thingsdb',
    'db.namespace': manager.collection,
    'db.operation.name': how,
    'thingsdb.lock.owner': manager.owner,
    'thingsdb.lock.name': name,
    'thingsdb.lock.mode': mode,
    'thingsdb.lock.count': count,
  };
  if (names.length > 1) attributes['thingsdb.lock.names'] = [...names];
  return attributes;
}

/** What the span of a lease says from its start on. */
export function holdAttributes({ manager, name, names, fencingToken }: HoldTrace): Attributes {
  const attributes: Attributes = {
    'db.system.name': 'thingsdb',
    'db.namespace': manager.collection,
    'thingsdb.lock.owner': manager.owner,
    'thingsdb.lock.name': name,
    'thingsdb.lock.fencing_token': fencingToken,
  };
  if (names.length > 1) attributes['thingsdb.lock.names'] = [...names];
  return attributes;
}

/** The code of an error of the lock; of another, its name. */
export function errorType(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  return typeof name === 'string' && name !== '' ? name : '_OTHER';
}

/** The reason for a loss, if that is what the lease has ended with. */
export function lostReason(error: unknown): string | undefined {
  const { code, reason } = (error ?? {}) as { readonly code?: unknown; readonly reason?: unknown };
  return code === 'LOCK_LOST' ? String(reason) : undefined;
}
