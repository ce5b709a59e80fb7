/** Time, so that a test can move it. Milliseconds since the epoch, with fractions. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `callback` once when `now()` has reached `atMs`; returns how to cancel it. Never keeps the process alive. */
  at(atMs: number, callback: () => void): () => void;
}
