import { LockConnectionError } from '../errors.js';
import type { LockManagerOptions } from '../options/manager-options.js';
import type { NodeConnection } from './node-connection.js';
import { openedNode } from './opened-node.js';
import { Race, type Attempt } from './race.js';

/** How the nodes are reached. */
export interface NodesOptions extends Pick<LockManagerOptions, 'client' | 'url' | 'auth' | 'tls'> {
  readonly requestTimeout: number;
}

/** A connection that can be used, and the place of its node in the list. */
export interface ReadyNode {
  readonly connection: NodeConnection;
  readonly index: number;
}

/** The nodes of one ThingsDB, in order of preference; just one for a client of the caller's. */
export class Nodes {
  readonly #options: NodesOptions;
  readonly #urls: readonly string[];
  /** Whether connections are made here: then they are also closed here, and can be made again. */
  readonly canReopen: boolean;

  constructor(options: NodesOptions) {
    this.#options = options;
    this.#urls = [options.url ?? []].flat();
    this.canReopen = typeof options.client !== 'object';
  }

  get count(): number {
    return this.#options.client === undefined ? this.#urls.length : 1;
  }

  /** Tries the nodes, in {@link orderOf}, until one is ready. */
  race(avoided: ReadonlySet<number>): Race<ReadyNode> {
    const order = orderOf(this.count, avoided);
    return new Race({
      nodes: this.count,
      begin: (n) => this.open(order[n % this.count] as number),
      // A function of the caller's may not expect to be called again before it has answered.
      mayRepeat: this.#options.client === undefined,
    });
  }

  /** Tries this node alone. */
  open(index: number): Attempt<ReadyNode> {
    const opening = new Opening();
    const ready = this.#open(index, opening);
    const attempt = { index, ready, cancel: () => this.#close(opening) };
    // What has failed may still have a socket.
    ready.catch(() => attempt.cancel());
    return attempt;
  }

  async #open(index: number, opening: Opening): Promise<ReadyNode> {
    // A try may be given up as soon as it has begun. The caller's client function is not called for it then.
    await Promise.resolve();
    if (opening.isOver) throw tryIsOver();
    const connection = await openedNode(this.#options, this.#urls[index], (begun) => {
      opening.connection = begun;
      if (opening.isOver) this.#close(opening);
    });
    return { connection, index };
  }

  #close(opening: Opening): void {
    opening.isOver = true;
    const reason = tryIsOver();
    if (this.canReopen) opening.connection?.abandon(reason);
    else opening.connection?.detach(reason);
  }
}

/**
 * In which order nodes are tried. Preference comes first, so that all managers come together on the same node again.
 * Nodes that are avoided come behind the others, the first of these first.
 */
export function orderOf(count: number, avoided: ReadonlySet<number>): number[] {
  const all = Array.from({ length: count }, (_, index) => index);
  return [...all.filter((index) => !avoided.has(index)), ...avoided];
}

function tryIsOver(): LockConnectionError {
  return new LockConnectionError('this try to connect is over');
}

/** A connection on its way: it can be given up before there is one. */
class Opening {
  connection: NodeConnection | undefined;
  isOver = false;
}
