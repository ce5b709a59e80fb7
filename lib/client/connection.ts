import type { LockError } from '../errors.js';

/** One connection to a node, from its opening to its end: it is never opened again. */
export interface Connection {
  /** Rejects with LockConnectionError when the connection cannot be opened, or is closed while it opens. */
  readonly opened: Promise<void>;
  readonly isOpen: boolean;
  /** All bytes that have come in. */
  readonly bytesRead: number;
  /** Whether some of what was sent lies here still: the server reads too slowly, or not at all. */
  readonly isClogged: boolean;
  /** Whether a node survives that this closes before it has answered. */
  readonly mayCloseUnanswered: boolean;
  send(bytes: Uint8Array): void;
  /** Whether the process must not end while this connection is open; once open it need not, unless this says so. */
  keepAlive(wanted: boolean): void;
  /**
   * Lets what was sent go out, then closes. Resolves when it is closed, within about a second whatever the server does.
   */
  close(): Promise<void>;
}

export interface ConnectionEvents {
  /** @throws LockProtocolError if this cannot come from ThingsDB; the connection is then closed with that reason */
  readonly onBytes: (bytes: Buffer) => void;
  /** The connection was open and is over: called once, before anything else can observe it. */
  readonly onClose: (reason: LockError) => void;
}

/** How long a server may take to answer the closing of a connection before the socket is cut. */
export const CLOSE_LIMIT_MS = 1_000;
