import { detached } from '../async/detached.js';
import { PackageType } from '../client/package-type.js';
import { LockPermissionError } from '../errors.js';
import type { NodeConnection } from './node-connection.js';
import type { Session } from './session.js';

/** What a node says of itself while it passes calls on to the others, one to this and one to that. */
const PASSES_ON: ReadonlySet<unknown> = new Set(['AWAY_SOON', 'AWAY']);

/** When no other node was to be had, or nobody needed one then, it is tried again after so long. */
const PAUSE_MS = 5_000;

/** What is needed to leave a node. */
export interface PassingOnOptions {
  readonly session: Pick<Session, 'current' | 'leave'>;
  /** Whether calls that make changes are slow, or would be without nudges. */
  readonly areSlow: () => boolean;
}

/**
 * Leaves a node that passes calls on, where that is slow.
 *
 * Each node of a cluster does so for some twelve seconds of a minute, before and while it stores. The nodes that it
 * passes them on to make the changes then, now one and now the other. Each of these waits for acknowledgements that no
 * nudge can bring.
 */
export class PassingOn {
  readonly #options: PassingOnOptions;
  /** The connection that the rest is about. */
  #about: NodeConnection | undefined;
  /** Whether its node is away; `undefined` while that is not known. */
  #isAway: boolean | undefined;
  #isAsked = false;
  #notBeforeMs = -Infinity;
  /** A user without the right to ask is not told, and asks no more. */
  #mayAsk = true;

  constructor(options: PassingOnOptions) {
    this.#options = options;
  }

  /** A message that nobody asked for. A node tells each change of its status to all who are connected. */
  pushed(type: number, body: unknown): void {
    if (type !== PackageType.nodeStatus) return;
    this.#told(body);
    if (this.#options.areSlow()) this.#leaveIfAway();
  }

  /** A call that makes a change was slow. A node that was away already when it was connected to has said nothing. */
  slow(): void {
    this.#look();
    if (this.#isAway !== undefined) {
      this.#leaveIfAway();
    } else if (this.#mayAsk && !this.#isAsked && this.#about !== undefined) {
      this.#isAsked = true;
      detached(() => void this.#ask());
    }
  }

  async #ask(): Promise<void> {
    const asked = this.#options.session.current as NodeConnection;
    try {
      const info = await asked.query('@node', 'node_info();');
      // What it has said meanwhile is newer.
      if (this.#options.session.current !== asked || this.#isAway !== undefined) return;
      this.#told(info);
      this.#leaveIfAway();
    } catch (error) {
      if (error instanceof LockPermissionError) this.#mayAsk = false;
    }
  }

  /** Of another connection nothing is known. */
  #look(): void {
    const { current } = this.#options.session;
    if (this.#about === current) return;
    this.#about = current;
    this.#isAway = undefined;
    this.#isAsked = false;
    this.#notBeforeMs = -Infinity;
  }

  #told(info: unknown): void {
    this.#look();
    const { status } = (info ?? {}) as { status?: unknown };
    this.#isAway = PASSES_ON.has(status);
  }

  #leaveIfAway(): void {
    const nowMs = performance.now();
    if (this.#about === undefined || this.#isAway !== true || nowMs < this.#notBeforeMs) return;
    this.#notBeforeMs = nowMs + PAUSE_MS;
    this.#options.session.leave(this.#about);
  }
}
