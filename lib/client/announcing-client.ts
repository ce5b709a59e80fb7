/** A procedure whose runs may be announced. */
export interface AnnouncedRuns {
  readonly scope: string;
  /**
   * Its first parameter is padding: bytes that mean nothing. So is what it may be given behind its last one. If it
   * raises one of ThingsDB's errors -53, -61 and -62 it must have changed nothing. The run is then made again.
   */
  readonly procedure: string;
  /** Procedures that take the same arguments, and for whose runs it can be run where it was announced. */
  readonly insteadOf: readonly string[];
  /** Arguments behind the padding with which it changes nothing; runs with as many arguments can be announced. */
  readonly idle: readonly unknown[];
}

/** A client that can announce, as the built-in one over TCP does. */
export interface AnnouncingClient {
  /**
   * From now on runs of this procedure are announced, on this connection and those to come. A server that refuses such
   * a package is served without. To be called again once the reason is gone, for example when the procedure was made.
   */
  announceRuns(runs: AnnouncedRuns): void;
}
