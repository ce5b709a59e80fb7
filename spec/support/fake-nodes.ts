import { Deferred } from '../../lib/async/deferred.js';
import { NodeConnection } from '../../lib/connection/node-connection.js';
import { orderOf, type ReadyNode } from '../../lib/connection/nodes.js';
import { Race } from '../../lib/connection/race.js';
import type { SessionNodes } from '../../lib/connection/session.js';
import { LockConnectionError, type LockError } from '../../lib/errors.js';
import { stubClient } from './stub-client.js';

/** A connection to a node that a spec plays: it answers pings while `isAlive` or later, and calls when the spec does. */
export class FakeNode {
  readonly connection: NodeConnection;
  readonly #ready = new Deferred<ReadyNode>();
  readonly ready = this.#ready.promise;
  readonly atMs = performance.now();
  isAlive = true;
  isClosed = false;
  pings = 0;
  readonly #unanswered: (() => void)[] = [];
  /** What was run, with what answers it. */
  readonly runs: { procedure: string; answer: (value: unknown) => void; fail: (error: unknown) => void }[] =
    [];
  /** How often it was asked whether the user may join, and what that is answered with. */
  joins = 0;
  onJoin: () => Promise<(number | null)[]> = () => Promise.resolve([]);
  #onClose: (reason: LockError) => void = () => undefined;
  #onPush: (type: number, body: unknown) => void = () => undefined;
  keepsAlive = false;

  constructor(readonly index: number) {
    const ping = (): Promise<unknown> => {
      this.pings++;
      return this.isAlive ? Promise.resolve() : new Promise<void>((answer) => this.#unanswered.push(answer));
    };
    const client = stubClient({
      ping,
      run: (_scope, procedure) => new Promise((answer, fail) => this.runs.push({ procedure, answer, fail })),
      join: () => {
        this.joins++;
        return this.onJoin();
      },
      disconnect: () => {
        this.isClosed = true;
        return Promise.resolve();
      },
      addEventListener: (callback) => (this.#onPush = callback),
    });
    const observable = {
      bytesRead: 0,
      onClose: (callback: (reason: LockError) => void) => {
        this.#onClose = callback;
        return () => undefined;
      },
      keepAlive: () => {
        this.keepsAlive = true;
        return () => void (this.keepsAlive = false);
      },
    };
    this.connection = new NodeConnection({ ...client, ...observable });
  }

  /** It can be used from now on. */
  open(): void {
    this.#ready.resolve({ connection: this.connection, index: this.index });
  }

  refuse(error: LockError = new LockConnectionError(`node ${this.index} refuses`)): void {
    this.#ready.reject(error);
  }

  /** The connection ends, as when the node goes away. */
  cut(reason: LockError = new LockConnectionError(`node ${this.index} has gone`)): void {
    this.isClosed = true;
    this.#onClose(reason);
  }

  /** The pings that were sent while it was not alive. */
  answerPings(): void {
    for (const answer of this.#unanswered.splice(0)) answer();
  }

  push(type: number, body: unknown): void {
    this.#onPush(type, body);
  }

  cancel(): void {
    this.isClosed = true;
  }
}

/** The nodes of a session, each played by a spec. */
export class FakeNodes implements SessionNodes {
  canReopen = true;
  /** Every connection that was asked for, oldest first. */
  readonly tried: FakeNode[] = [];

  constructor(readonly count = 1) {}

  race(avoided: ReadonlySet<number>): Race<ReadyNode> {
    const order = orderOf(this.count, avoided);
    const begin = (n: number): FakeNode => this.open(order[n % this.count] as number);
    return new Race({ nodes: this.count, begin, mayRepeat: true });
  }

  open(index: number): FakeNode {
    const node = new FakeNode(index);
    this.tried.push(node);
    return node;
  }

  get last(): FakeNode {
    return this.tried.at(-1) as FakeNode;
  }
}
