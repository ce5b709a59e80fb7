import type { LockError } from '../errors.js';

/** What a client may offer beyond `ThingsDBClient`, and the built-in ones do. */
export interface ObservableConnection {
  /**
   * Calls `callback` each time an open connection has ended, for whatever reason, after all pending requests were
   * rejected. It is given a `LockConnectionError`, or a `LockProtocolError` if the server turned out not to speak
   * ThingsDB. Returns how to stop that.
   */
  onClose(callback: (reason: LockError) => void): () => void;

  /**
   * Keeps the process alive while the connection is open, as for somebody who waits for a pushed message. Returns how
   * to let go of it. Without it the process lives while requests are pending, and may end while the connection is idle.
   */
  keepAlive(): () => void;

  /**
   * All bytes that the connection has brought in. That they grow is a sign of life, also in the middle of an answer.
   */
  readonly bytesRead: number;
}
