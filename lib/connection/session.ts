import { afterTurns } from '../async/after-reading.js';
import { Deferred } from '../async/deferred.js';
import { detached } from '../async/detached.js';
import { settledWithin } from '../async/within.js';
import { PackageType } from '../client/package-type.js';
import { LockConnectionError, LockProtocolError, type LockError } from '../errors.js';
import type { ReconnectingEvent } from '../events.js';
import { AvoidedNodes } from './avoided-nodes.js';
import { backOffMs } from './back-off.js';
import { Needs } from './needs.js';
import type { NodeConnection } from './node-connection.js';
import type { Nodes, ReadyNode } from './nodes.js';
import type { Race } from './race.js';

export interface SessionListener {
  connected(): void;
  disconnected(reason: LockError): void;
  reconnecting(event: ReconnectingEvent): void;
  /** There will be no connection: refused for good, or the client cannot be opened again. */
  failed(reason: LockError): void;
  /** A message that nobody asked for: the protocol's number of its kind, and its body. */
  pushed(type: number, body: unknown): void;
}

/** What a session needs of the nodes. */
export type SessionNodes = Pick<Nodes, 'count' | 'canReopen' | 'race'>;

type State = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** From each state, the states that may follow. */
const MOVES: Readonly<Record<State, readonly State[]>> = {
  idle: ['connecting', 'closed'],
  connecting: ['connected', 'reconnecting', 'idle', 'closed'],
  connected: ['reconnecting', 'idle', 'closed'],
  reconnecting: ['connected', 'idle', 'closed'],
  closed: [],
};

/** What a node tells of itself before it goes (pushed node status). */
const SHUTTING_DOWN = 'SHUTTING_DOWN';
/** Nothing has come in for so long while a node was connected to: it may be a node that hangs. */
const HANGING_MS = 500;
/**
 * A node that answers pings may still be waiting for another one that hangs. One that is away does. A call there
 * has so long to be answered before another node is connected to beside it.
 */
const CALL_PATIENCE_MS = 1_000;
/** A node that was come to because another hangs: it may pass calls on to that one. */
const FIRST_CALL_PATIENCE_MS = 500;
/** A call that waits for less is no sign of anything. */
const LEAST_PATIENCE_MS = 200;
/**
 * A connection that has lasted so long counts as one. A server that ends each at once is sought anew only after a
 * pause.
 */
const STEADY_MS = 1_000;
/** What a search has begun is closed within so long of its end, whatever the nodes do. */
const LEFTOVERS_MS = 2_000;
const SILENT = new LockConnectionError('the server is silent');
const STUCK = new LockConnectionError('the node leaves calls unanswered');
const NOBODY = new LockConnectionError('no node has answered yet');
const NOT_NEEDED = new LockConnectionError('not needed any more');

/**
 * One connection to ThingsDB at a time, opened at first use. After a loss it is opened again when somebody needs it, or
 * at the next use. Nodes are tried in the order given, so that all managers prefer the same one. A node that was just
 * silent, or could not serve, comes last. A server that goes silent while somebody needs it is found out in time.
 * Another connection is looked for beside the silent one, and takes its place as soon as it is ready.
 */
export class Session {
  readonly #nodes: SessionNodes;
  readonly #requestTimeoutMs: number;
  readonly #listener: SessionListener;
  readonly #needs = new Needs(() => this.#needsChanged());
  #state: State = 'idle';
  #current: ReadyNode | undefined;
  /** The connection to come, and what the first try has come to. */
  #coming = new Deferred<NodeConnection>();
  #firstTry = new Deferred<NodeConnection>();
  /** For a connection to come, or for one in the place of the silent one. */
  #race: Race<ReadyNode> | undefined;
  readonly #avoided = new AvoidedNodes();
  /** Tries to connect again since the loss of a connection that had served for a while. */
  #attempts = 0;
  /** Since when a connection is looked for. */
  #soughtMs = 0;
  /** Whether there ever was a connection. */
  #hasBeen = false;
  /** When a search that nodes had kept waiting came to nothing. */
  #gaveUpMs = -Infinity;
  /** Since when there is the connection that there is. */
  #becameMs = 0;
  /** Whether a call was answered over the connection that there is. */
  #isProved = false;
  /** Whether another node hung, or could not serve, when the connection became the one. */
  #isRefuge = false;
  /** How often another node was looked for since a call was answered, because one had no answer. */
  #stuckTimes = 0;
  #trouble: LockError | undefined;
  #closedBy: LockError | undefined;
  #wake = new Deferred<void>();

  /** @param requestTimeoutMs a server that is silent for so long is taken for lost */
  constructor(nodes: SessionNodes, requestTimeoutMs: number, listener: SessionListener) {
    this.#nodes = nodes;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#listener = listener;
  }

  /** How many there are to choose from. */
  get nodes(): number {
    return this.#nodes.count;
  }

  /** The connection, if there is one. */
  get current(): NodeConnection | undefined {
    return this.#current?.connection;
  }

  /** The place in the list of the node that is connected to. */
  get index(): number | undefined {
    return this.#current?.index;
  }

  /** Whether a connection that is lost can be opened again. */
  get canReopen(): boolean {
    return this.#nodes.canReopen;
  }

  /** Why no answer is to be had now; `undefined` while a server answers, or before one was asked. */
  get trouble(): LockError | undefined {
    if (this.#current !== undefined) return this.#current.connection.isSilent ? SILENT : undefined;
    const isHanging = this.#state === 'connecting' && performance.now() - this.#soughtMs >= HANGING_MS;
    return this.#trouble ?? (isHanging ? NOBODY : undefined);
  }

  /**
   * Whether a connection is looked for, or what came of that in vain may still be open. Either keeps the process alive. A
   * call that nobody waits for would begin the next search before the process could end.
   */
  get isSearching(): boolean {
    if (this.#race !== undefined || this.#state === 'connecting' || this.#state === 'reconnecting')
      return true;
    return performance.now() - this.#gaveUpMs < LEFTOVERS_MS;
  }

  /** A request was served. */
  proved(): void {
    // Nothing changes by one more.
    if (this.#isProved && this.#stuckTimes === 0 && this.#avoided.order.size === 0) return;
    const patienceMs = this.#callPatienceMs;
    this.#isProved = true;
    if (!this.#isStuckStill) {
      this.#avoided.forget(this.index);
      this.#stuckTimes = 0;
    }
    if (this.#callPatienceMs !== patienceMs) this.#needsChanged();
  }

  /** Whether the call for which another node was looked for may still have no answer, whatever else was answered. */
  get #isStuckStill(): boolean {
    if (this.#stuckTimes === 0) return false;
    // It was repeated as soon as there was this connection, which would have been told stuck by then.
    return this.current?.isStuck === true || performance.now() - this.#becameMs < this.#callPatienceMs;
  }

  /**
   * The connection; while it is opened again, the one to come. Rejects with a `LockError` if no node can be reached at
   * the first try, if refused for good, or closed.
   */
  connection(): Promise<NodeConnection> {
    if (this.#closedBy !== undefined) return Promise.reject(this.#closedBy);
    if (this.#current !== undefined) return Promise.resolve(this.#current.connection);
    if (this.#state === 'idle') {
      this.#move('connecting');
      // What an earlier search came to is no reason any more.
      this.#trouble = undefined;
      this.#expectAnother();
      detached(() => void this.#seek(undefined));
    }
    return this.#state === 'reconnecting' ? this.#coming.promise : this.#firstTry.promise;
  }

  /** This connection is of no use: its node does not answer, or cannot serve. Without effect on a client of the caller's. */
  giveUp(connection: NodeConnection, reason: LockError): void {
    if (this.canReopen && this.current === connection) connection.abandon(reason);
  }

  /**
   * Keeps the process alive and the connection watched, while somebody waits to be told or holds a lease. Returns how to
   * let go.
   *
   * @param ttlMs of the lease: a silent server is found out within a third of it
   */
  keepAlive(ttlMs = Infinity): () => void {
    return this.#needs.keepAlive(ttlMs);
  }

  /** A call needs the connection from now on, until {@link callEnded}. */
  callBegan(): void {
    this.#needs.callBegan();
  }

  callEnded(): void {
    this.#needs.callEnded();
  }

  /** Ends the connection and every call on it; nothing can be sent afterwards. Resolves within `limitMs`. */
  async close(reason: LockError, limitMs: number): Promise<void> {
    if (this.#closedBy !== undefined && this.#state === 'closed') return;
    this.#closedBy = reason;
    const connection = this.current;
    this.#current = undefined;
    this.#move('closed');
    this.#dropRace(reason);
    this.#coming.reject(reason);
    this.#firstTry.reject(reason);
    this.#wake.resolve();
    if (connection === undefined) return;
    if (this.canReopen) await settledWithin(connection.close(reason), limitMs);
    else connection.detach(reason);
  }

  /** How soon a silent server has to be found out. */
  get #windowMs(): number {
    return Math.min(this.#requestTimeoutMs, this.#needs.shortestMs / 3);
  }

  /** Ever more patient, so that nodes which are merely slow are not left one after the other. */
  get #callPatienceMs(): number {
    const mayPassOn = this.#isRefuge && !this.#isProved;
    const mostMs = mayPassOn ? FIRST_CALL_PATIENCE_MS : CALL_PATIENCE_MS;
    // There has to be time left for the call on the other node, and for the lease that it renews.
    const limitMs = Math.min(this.#requestTimeoutMs, this.#needs.shortestMs);
    return Math.min(mostMs, Math.max(LEAST_PATIENCE_MS, limitMs / 3)) * 2 ** this.#stuckTimes;
  }

  /** Until a node is ready, connecting is refused for good, or nobody needs it any more. */
  async #seek(lost: LockError | undefined): Promise<void> {
    let failure = lost;
    for (;;) {
      if (failure !== undefined) {
        await this.#paused(failure);
        if (this.#closedBy !== undefined) return;
        if (!this.#needs.areAny) return this.#rest(failure);
      }
      const found = await this.#found();
      if (this.#closedBy !== undefined) {
        if ('connection' in found) found.connection.abandon(this.#closedBy);
        return;
      }
      if ('connection' in found) return this.#became(found);
      failure = this.#trouble = found.failure;
      if (!(failure instanceof LockConnectionError)) return this.#refused(failure);
      this.#firstTry.reject(failure);
      if (this.#state === 'connecting') {
        if (!this.#needs.keepsAlive) return this.#rest(failure);
        this.#move('reconnecting');
      }
    }
  }

  /** What a race comes to: one that is under way, or a new one. */
  async #found(): Promise<ReadyNode | { readonly failure: LockError }> {
    try {
      const race = (this.#race ??= this.#nodes.race(this.#avoided.order));
      const ready = await race.winner;
      // Whoever has to leave this node soon need not wait for those again.
      for (const { index } of race.hung) this.#avoided.addHung(index);
      return ready.connection.endedBy === undefined ? ready : { failure: ready.connection.endedBy };
    } catch (error) {
      return { failure: this.#passing(error as LockError) };
    } finally {
      this.#race = undefined;
    }
  }

  /** Where ThingsDB has answered before, something else does so for a while: a load balancer, perhaps. */
  #passing(failure: LockError): LockError {
    if (!this.#hasBeen || !(failure instanceof LockProtocolError)) return failure;
    return new LockConnectionError(`ThingsDB does not answer: ${failure.message}`, { cause: failure });
  }

  /** Nobody needs it now. */
  #rest(reason: LockError): void {
    // One that was begun beside the silent connection may have been won by now.
    this.#race?.winner.then(
      ({ connection }) => connection.abandon(NOT_NEEDED),
      () => undefined,
    );
    this.#dropRace(reason);
    const nowMs = performance.now();
    // Nodes that refuse at once leave nothing open.
    if (nowMs - this.#soughtMs >= HANGING_MS) this.#gaveUpMs = nowMs;
    this.#move('idle');
    this.#coming.reject(reason);
  }

  #refused(reason: LockError): void {
    const wasLost = this.#state === 'reconnecting';
    this.#move('idle');
    this.#coming.reject(reason);
    this.#firstTry.reject(reason);
    if (wasLost) this.#listener.failed(reason);
  }

  #expectAnother(): void {
    this.#soughtMs = performance.now();
    this.#coming = new Deferred();
    this.#firstTry = new Deferred();
  }

  #became(ready: ReadyNode): void {
    const { connection } = ready;
    this.#move('connected');
    this.#isRefuge = this.#avoided.order.size > 0;
    this.#current = ready;
    this.#hasBeen = true;
    this.#becameMs = performance.now();
    this.#isProved = false;
    connection.listen({
      onEnd: (reason) => this.#lost(ready, reason),
      onSilent: () => this.#lookBeside(connection),
      onStuck: () => this.#stuck(connection),
      onPush: (type, body) => this.#pushed(type, body),
    });
    this.#needsChanged();
    this.#coming.resolve(connection);
    this.#firstTry.resolve(connection);
    this.#listener.connected();
  }

  #lost(lost: ReadyNode, reason: LockError): void {
    if (this.#current !== lost) return;
    this.#current = undefined;
    this.#trouble = reason;
    // What has served for a while is tried to be mended soon again.
    if (this.#isProved && performance.now() - this.#becameMs >= STEADY_MS) this.#attempts = 0;
    // One that has merely ended may be there again, and all managers should stay together on the same node.
    if (lost.connection.isGivenUp) this.#avoid(lost);
    const isWanted = this.canReopen && this.#needs.areAny;
    this.#move(isWanted ? 'reconnecting' : 'idle');
    if (isWanted) this.#expectAnother();
    else this.#dropRace(reason);
    this.#listener.disconnected(reason);
    if (!this.canReopen) {
      this.#closedBy = reason;
      this.#listener.failed(reason);
    } else if (isWanted) {
      detached(() => void this.#seek(reason));
    }
  }

  #avoid({ connection, index }: ReadyNode): void {
    if (connection.isSilent) this.#avoided.addHung(index);
    else this.#avoided.add(index);
  }

  #dropRace(reason: LockError): void {
    if (this.#race !== undefined) this.#gaveUpMs = performance.now();
    this.#race?.cancel(reason);
    this.#race = undefined;
  }

  /** The server is silent, or stuck: another connection takes the place of this one, unless it answers first. */
  #lookBeside(silent: NodeConnection): void {
    const current = this.#current;
    if (this.#race !== undefined || current?.connection !== silent) return;
    this.#avoid(current);
    const race = (this.#race = detached(() => this.#nodes.race(this.#avoided.order)));
    race.winner.then(
      (other) => {
        if (this.#race !== race) {
          if (this.current !== other.connection) other.connection.abandon(NOT_NEEDED);
        } else if (this.current === silent) {
          afterTurns(() => this.#takePlace(silent, other, race));
        }
        // Otherwise the silent one has ended meanwhile, and whoever looks for another takes this one.
      },
      () => {
        if (this.#race !== race || this.current !== silent) return;
        this.#race = undefined;
        this.#gaveUpMs = performance.now();
      },
    );
  }

  #stuck(connection: NodeConnection): void {
    if (this.nodes === 1 || this.current !== connection) return;
    this.#stuckTimes++;
    this.#needsChanged();
    this.#lookBeside(connection);
  }

  /** Another connection to a node that leaves a call unanswered would only cost the other calls their answers. */
  #takePlace(silent: NodeConnection, other: ReadyNode, race: Race<ReadyNode>): void {
    // Otherwise it has ended meanwhile, and whoever looks for another has taken this one.
    if (this.current !== silent || this.#race !== race) return;
    const isUseless = silent.isSilent || (silent.isStuck && other.index !== this.#current?.index);
    if (isUseless && this.#needs.areAny) {
      silent.abandon(silent.isSilent ? SILENT : STUCK);
    } else {
      this.#race = undefined;
      other.connection.abandon(NOT_NEEDED);
    }
  }

  #pushed(type: number, body: unknown): void {
    const { status } = (body ?? {}) as { status?: unknown };
    if (type === PackageType.nodeStatus && status === SHUTTING_DOWN && this.current !== undefined) {
      this.giveUp(this.current, new LockConnectionError('the node is shutting down'));
    }
    this.#listener.pushed(type, body);
  }

  #needsChanged(): void {
    const { areAny, keepsAlive } = this.#needs;
    if (!areAny) this.#wake.resolve();
    this.current?.keepAlive(keepsAlive);
    if (this.canReopen) this.current?.watch(areAny ? this.#windowMs : undefined, this.#callPatienceMs);
  }

  /** Before the next try; not when one is under way already. */
  async #paused(reason: LockError): Promise<void> {
    const attempt = ++this.#attempts;
    const delayMs = this.#race === undefined ? backOffMs(attempt, this.#windowMs) : 0;
    const wake = (this.#wake = new Deferred());
    this.#listener.reconnecting({ attempt, delayMs, reason });
    if (delayMs === 0) return;
    const timer = setTimeout(() => wake.resolve(), delayMs);
    await wake.promise;
    clearTimeout(timer);
  }

  #move(to: State): void {
    if (!MOVES[this.#state].includes(to))
      throw new Error(`a session that is ${this.#state} cannot become ${to}`);
    this.#state = to;
  }
}
