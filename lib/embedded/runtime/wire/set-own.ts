import type { Wire } from '../../msgpack/wire.js';

/** `__proto__` is a key like any other. */
export function setOwn(target: Record<string, Wire>, key: string, value: Wire): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[key] = value;
  }
}
