import { detached } from '../async/detached.js';
import { PackageType } from '../client/package-type.js';
import type { Session } from './session.js';

/** What a node says of itself while it passes calls on to the others, one to this and one to that. */
const PASSES_ON: ReadonlySet<unknown> = new Set(['AWAY_SOON', 'AWAY']);

/** What is needed to leave a node. */
export interface PassingOnOptions {
  readonly session: Pick<Session, 'current' | 'leave'>;
  /** Whether calls that make changes are slow, or would be without nudges. */
  readonly areSlow: () => boolean;
}

/**
 * Leaves a node that passes calls on, where that is slow.
 *
 * Each node of a cluster does so for some twelve seconds of a minute, before and while it stores. The nodes that it passes
 * them on to make the changes then, now one and now the other. Each of these waits for acknowledgements that no nudge
 * can bring.
 */
export class PassingOn {
  readonly #options: PassingOnOptions;
  /** A user without the right to ask is not told, and asks no more. */
  #mayAsk = true;

  constructor(options: PassingOnOptions) {
    this.#options = options;
  }

  /** A message that nobody asked for. A node tells each change of its status to all who are connected. */
  pushed(type: number, body: unknown): void {
    if (type === PackageType.nodeStatus && this.#options.areSlow()) this.#told(body);
  }

  /** Calls are slow from now on. A node that was away already when it was connected to has said nothing. */
  ask(): void {
    if (this.#mayAsk) detached(() => void this.#ask());
  }

  async #ask(): Promise<void> {
    const connection = this.#options.session.current;
    if (connection === undefined) return;
    try {
      const info = await connection.query('@node', 'node_info();');
      if (this.#options.session.current === connection) this.#told(info);
    } catch {
      this.#mayAsk = false;
    }
  }

  #told(info: unknown): void {
    const { current } = this.#options.session;
    const { status } = (info ?? {}) as { status?: unknown };
    if (current !== undefined && PASSES_ON.has(status)) this.#options.session.leave(current);
  }
}
