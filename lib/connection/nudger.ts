import { detached } from '../async/detached.js';
import { settledWithin } from '../async/within.js';
import { LOOKUP_ERROR, serverCode } from '../client/server-error.js';
import { LockConnectionError, LockProtocolError, type LockError } from '../errors.js';
import type { RoomId } from '../schema/replies.js';
import type { NodeConnection } from './node-connection.js';
import type { Nodes, ReadyNode } from './nodes.js';
import type { Attempt } from './race.js';

/** A connection that nobody has used for so long is closed. */
const IDLE_MS = 60_000;
/** After a failure nobody is nudged for so long. */
const PAUSE_MS = 30_000;
/** After a node that does not know the room: it may be behind. */
const UNKNOWN_PAUSE_MS = 1_000;
/** After a refusal that only an administrator can mend, such as a missing right. */
const REFUSED_PAUSE_MS = 3_600_000;
const NOT_NEEDED = new LockConnectionError('nobody is nudged any more');

/** What a nudger needs. */
export interface NudgerOptions {
  readonly nodes: Pick<Nodes, 'count' | 'open'>;
  /** The node that calls go to now: its place in the list. */
  readonly inUse: () => number | undefined;
  /** Has a node tell something in the room. The node sends that to all others. */
  readonly send: (connection: NodeConnection, room: RoomId) => Promise<unknown>;
}

/**
 * Has another node send a message to the node that a manager's calls go to.
 *
 * A node sends each change to the others at once. The kernel of each waits up to 40 ms with its acknowledgement. Until
 * then the first node's kernel holds back what is small. Its question for the number of the next change is. Any message
 * in the other direction carries the acknowledgement. One node's word is enough for a change.
 *
 * A call of a procedure would do too, but not where the node is away. It would be passed on then, to any of the others.
 *
 * The connection is opened at the first nudge. While it is open and idle it keeps no process alive. It does while it is
 * opened and while a nudge waits for its answer. To connect, to ask an auth function, to log in and to nudge takes one
 * `requestTimeout` each at most. What fails is no error of anybody's: the changes are slow again.
 */
export class Nudger {
  readonly #options: NudgerOptions;
  #attempt: Attempt<ReadyNode> | undefined;
  #ready: ReadyNode | undefined;
  #room: RoomId = 0;
  #isUnderWay = false;
  #isWantedAgain = false;
  /** How many nodes have failed: the next one is tried then. */
  #failures = 0;
  #notBeforeMs = -Infinity;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: NudgerOptions) {
    this.#options = options;
  }

  /** Whether there is a node that could be asked. */
  get isPossible(): boolean {
    return this.#options.nodes.count > 1 && performance.now() >= this.#notBeforeMs;
  }

  /**
   * Nudges now, or once more when the nudge that is under way is done.
   * @param room of the manager; 0 where there is none yet: then nobody is nudged
   */
  nudge(room: RoomId): void {
    this.#room = room;
    if (room === 0) return;
    if (this.#isUnderWay) this.#isWantedAgain = true;
    else if (this.isPossible) detached(() => void this.#nudge());
  }

  /** Nobody is nudged afterwards. Resolves within `limitMs`. */
  async close(reason: LockError, limitMs: number): Promise<void> {
    this.#notBeforeMs = Infinity;
    const connection = this.#ready?.connection;
    this.#drop();
    if (connection !== undefined) await settledWithin(connection.close(reason), limitMs);
  }

  async #nudge(): Promise<void> {
    this.#isUnderWay = true;
    do {
      this.#isWantedAgain = false;
      try {
        const { connection } = await this.#other();
        await this.#options.send(connection, this.#room);
      } catch (error) {
        // Not connected, refused or silent: without nudges all goes on as it did before.
        this.#failures++;
        this.#drop();
        this.#notBeforeMs = Math.max(this.#notBeforeMs, performance.now() + pauseAfter(error));
      }
    } while (this.#isWantedAgain && this.isPossible);
    this.#isUnderWay = false;
  }

  /** The connection to a node that calls do not go to. */
  async #other(): Promise<ReadyNode> {
    const { nodes, inUse } = this.#options;
    const used = inUse() ?? 0;
    if (this.#ready?.index === used || this.#ready?.connection.endedBy !== undefined) this.#drop();
    if (this.#attempt === undefined) {
      const index = (used + 1 + (this.#failures % (nodes.count - 1))) % nodes.count;
      this.#attempt = nodes.open(index);
      this.#idle = setTimeout(() => this.#drop(), IDLE_MS);
      this.#idle.unref();
    }
    this.#idle?.refresh();
    return (this.#ready = await this.#attempt.ready);
  }

  #drop(): void {
    clearTimeout(this.#idle);
    this.#ready?.connection.abandon(NOT_NEEDED);
    this.#ready = undefined;
    this.#attempt?.cancel();
    this.#attempt = undefined;
  }
}

function pauseAfter(error: unknown): number {
  if (serverCode(error) === LOOKUP_ERROR) return UNKNOWN_PAUSE_MS;
  // Something else may answer at one address.
  const isPassing = error instanceof LockConnectionError || error instanceof LockProtocolError;
  return isPassing ? PAUSE_MS : REFUSED_PAUSE_MS;
}
