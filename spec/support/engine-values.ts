import type { Wire } from '../../lib/embedded/engine/engine.js';

/** As the embedded engine takes it: its integers are bigint. */
export function toEngine(value: unknown): Wire {
  if (typeof value === 'number') return BigInt(value);
  return Array.isArray(value) ? value.map(toEngine) : (value as Wire);
}

/** What the embedded engine gives, with numbers for its integers. */
export function fromEngine(value: Wire): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return (value as readonly Wire[]).map(fromEngine);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value as Record<string, Wire>).map(([key, inner]) => [key, fromEngine(inner)]),
  );
}
