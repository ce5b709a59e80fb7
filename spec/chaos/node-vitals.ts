import { setTimeout as sleep } from 'node:timers/promises';
import { ChangeProbe } from './change-probe.js';
import type { ChaosServer } from './chaos-server.js';
import { clockMs } from './history.js';
import { onNode } from './node-client.js';

/** How a node has been from some time on; times are from then on. */
export interface Vitals {
  readonly url: string;
  /** It lets clients in and answers them. */
  readonly answers: boolean;
  /** It makes changes, or has those of another make them. */
  readonly changes: boolean;
  readonly isWell: boolean;
  /** The longest that a change which was asked for there was not made. */
  readonly longestMs: number;
  /** After it was killed and started again because it did not answer: when all nodes made changes. */
  readonly curedMs: number | undefined;
  /** And how long that took from the kill on. */
  readonly cureTookMs: number | undefined;
}

const ANSWER_LIMIT_MS = 5_000;
const CHANGED_LATELY_MS = 3_000;
const CURE_LIMIT_MS = 240_000;
const LOOK_EVERY_MS = 100;

/** Asks every node for changes, all the time, and tells how they were. */
export class NodeVitals {
  readonly #server: ChaosServer;
  readonly #probes: readonly ChangeProbe[];
  readonly #standstills: { node: number; fromMs: number; toMs: number }[] = [];

  constructor(server: ChaosServer, scope: string) {
    this.#server = server;
    this.#probes = server.urls.map(
      (url, node) =>
        new ChangeProbe(url, server.auth, scope, (fromMs, toMs) =>
          this.#standstills.push({ node, fromMs, toMs }),
        ),
    );
  }

  /** How they have been since then; one that does not answer is killed and started again, if that is ours to do. */
  async since(fromMs: number): Promise<Vitals[]> {
    const { urls, abilities } = this.#server;
    const answers = await Promise.all(urls.map((url) => this.#answers(url)));
    const changed = this.#probes.map(({ changedMs }) => changedMs);
    const nowMs = clockMs();
    const isDead = answers.some((isThere) => !isThere);
    const cured = isDead && abilities.canRestart ? await this.#cure(answers) : undefined;
    return urls.map((url, node) => {
      const changes = nowMs - (changed[node] ?? 0) < CHANGED_LATELY_MS;
      const stood = this.#standstills.filter((span) => span.node === node && span.toMs > fromMs);
      const spans = [...stood.map((span) => span.toMs - span.fromMs), nowMs - (changed[node] ?? 0)];
      const [curedMs, cureTookMs] = cured === undefined ? [] : [cured.atMs - fromMs, cured.tookMs];
      const isThere = answers[node] === true;
      const isWell = isThere && changes;
      return { url, answers: isThere, changes, isWell, longestMs: Math.max(...spans), curedMs, cureTookMs };
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#probes.map((probe) => probe.close()));
  }

  async #answers(url: string): Promise<boolean> {
    const { auth } = this.#server;
    const limits = { requestTimeoutMs: ANSWER_LIMIT_MS, connectTimeoutMs: ANSWER_LIMIT_MS };
    return onNode(url, auth, limits, (client) => client.query('@node', 'true;')).then(
      (answer) => answer === true,
      () => false,
    );
  }

  /** When all made changes again, and how long that took; `undefined` if they did not. */
  async #cure(answers: readonly boolean[]): Promise<{ atMs: number; tookMs: number } | undefined> {
    const startMs = clockMs();
    const dead = answers.flatMap((isThere, node) => (isThere ? [] : [node]));
    await Promise.all(dead.map((node) => this.#server.killNode(node, 0)));
    while (clockMs() < startMs + CURE_LIMIT_MS) {
      if (this.#probes.every(({ changedMs }) => changedMs > startMs)) {
        const atMs = clockMs();
        return { atMs, tookMs: atMs - startMs };
      }
      await sleep(LOOK_EVERY_MS);
    }
    return undefined;
  }
}
