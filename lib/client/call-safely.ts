import { types } from 'node:util';

/** Runs a listener. What it throws is its own affair: it must not take the connection down, nor go unseen. */
export function callSafely(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    process.emitWarning(types.isNativeError(error) ? error : String(error));
  }
}
