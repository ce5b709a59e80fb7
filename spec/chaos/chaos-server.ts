import type { Auth } from '../../lib/index.js';
import type { ServerAbilities } from './schedule.js';

/** What a server that is killed would forget, chosen before it is. */
export interface Loss {
  /** What the server took in since then may be forgotten. */
  readonly lostSinceMs: number;
  readonly detail: string;
  /** Kills the server; it comes back without what is lost after `downMs`. */
  inflict(downMs: number): Promise<void>;
}

/** The ThingsDB under test, with what can be done to it. Nodes are counted from 0. */
export interface ChaosServer {
  readonly abilities: ServerAbilities;
  /** Nodes in order of preference. */
  readonly urls: readonly string[];
  readonly auth: Auth;
  /** Stops the process of a node, as SIGSTOP does. */
  freeze(node: number): void;
  thaw(node: number): void;
  /** Stops the server in good order and starts it again after `downMs`: nothing is lost. */
  restart(downMs: number): Promise<void>;
  /** @param extent how much, from 0 to 1 */
  planLoss(extent: number, isHeads: boolean): Loss;
  /** As {@link restart}, one node of several. */
  restartNode(node: number, downMs: number): Promise<void>;
  /** SIGKILL, and started again after `downMs`. */
  killNode(node: number, downMs: number): Promise<void>;
  /** Whether to find out when it makes no changes of its own accord; one that lives in this process does not. */
  readonly isProbed: boolean;
  /** Resolves when all nodes are ready; rejects if they do not get so. */
  recovered(): Promise<void>;
  close(): Promise<void>;
}

/** Told when a node that nobody touched had to be killed and started again. */
export type OnNodeCrash = (node: number, why: string, restarting: Promise<void>) => void;
