/** A process that takes locks, works under them and notes everything, until it is told to finish, or killed. */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockManager } from '../../lib/index.js';
import { Adopter } from './adopter.js';
import { Hand } from './hand.js';
import { HistoryWriter, type ResourceKind } from './history.js';
import type { LeaseOwner } from './lease-work.js';
import { NameWatcher } from './name-watcher.js';
import { PACES } from './pace.js';
import { Random } from './random.js';
import { PATIENT_MS, RoundPlan, type Round } from './round-plan.js';
import { watchForStalls } from './stall-watch.js';
import type { FromTaker, Parcel, TakerTask, ToTaker } from './taker-messages.js';

const FINAL_TTL_MS = 3_000;
const FINAL_TRIES = 20;
const LEAST_REST_MS = 5;
/** After a server was found to be down, so that it is not overrun when it comes back. */
const REST_WITHOUT_SERVER_MS = 200;

const realNow = Date.now;

class Taker implements LeaseOwner {
  readonly manager: LockManager;
  readonly history: HistoryWriter;
  readonly #task: TakerTask;
  readonly #hands: readonly Hand[];
  readonly #adopter: Adopter;
  readonly #writes = new Map<number, (isAccepted: boolean) => void>();
  readonly #finish = new AbortController();
  #calls = 0;

  constructor(task: TakerTask) {
    this.#task = task;
    // Each hand listens for it while it rests.
    setMaxListeners(task.hands + 1, this.#finish.signal);
    this.history = new HistoryWriter(task.historyPath, task.process);
    const random = Random.of(task.seed, `manager of ${task.process}`);
    this.manager = new LockManager({
      url: task.urls,
      auth: task.auth,
      collection: task.collection,
      owner: task.process,
      requestTimeout: random.between(1_000, 4_000),
    });
    this.#hands = Array.from({ length: task.hands }, (_, i) => new Hand(this, task.process, i + 1));
    this.#adopter = new Adopter(this, task.process);
  }

  async run(): Promise<void> {
    this.history.record({ event: 'started', pid: process.pid });
    const endWatch = watchForStalls(
      (fromMs, toMs) => this.history.record({ event: 'stalled', fromMs, toMs }),
      () => [...this.#hands, this.#adopter].forEach((holder) => holder.look()),
    );
    const closed = new Promise<void>((resolve) => process.on('message', this.#obey(resolve)));
    tell({ told: 'ready' });
    await Promise.all([this.#watch(), ...this.#hands.map((hand, i) => this.#play(hand, i))]);
    await this.#finalRounds();
    this.history.record({ event: 'drained' });
    tell({ told: 'drained' });
    await closed;
    await this.#adopter.rest();
    await this.manager.close();
    endWatch();
    process.disconnect();
  }

  doing(hand: number, what: 'resting' | 'waiting' | 'holding', ttlMs: number): void {
    tell({ told: 'doing', hand, what, ttlMs });
  }

  write(resource: ResourceKind, name: string, token: number): Promise<boolean> {
    const call = ++this.#calls;
    tell({ told: 'write', call, resource, name, token });
    return new Promise((resolve) => this.#writes.set(call, resolve));
  }

  handOn(parcel: Parcel): void {
    tell({ told: 'handed-on', parcel });
  }

  async #watch(): Promise<void> {
    const { seed, process: name, names, uses } = this.#task;
    if (uses !== 'all') return;
    const random = Random.of(seed, `watches of ${name}`);
    await new NameWatcher(this.manager, this.history, name, random).run(names, this.#finish.signal);
  }

  async #play(hand: Hand, index: number): Promise<void> {
    const { signal } = this.#finish;
    const { seed, process: name, pace, uses, names } = this.#task;
    const plan = new RoundPlan(
      Random.of(seed, `rounds of ${name}/${index}`),
      PACES[pace],
      names,
      index,
      uses,
    );
    while (!signal.aborted) {
      const round = plan.next();
      const isDown = (await hand.play(round)) === 'LOCK_CONNECTION';
      const restMs = round.restMs + (isDown ? REST_WITHOUT_SERVER_MS : LEAST_REST_MS);
      await sleep(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** With all faults over, every survivor gets every lock; again if a node crashed by itself meanwhile. */
  async #finalRounds(): Promise<void> {
    const [hand] = this.#hands;
    for (const name of this.#task.names) {
      for (let tries = 1; tries <= FINAL_TRIES; tries++) {
        if ((await hand?.play(finalRound(name), true)) === true) break;
        await sleep(REST_WITHOUT_SERVER_MS);
      }
    }
  }

  #obey(onClose: () => void): (message: ToTaker) => void {
    return (message) => {
      switch (message.do) {
        case 'step-clock':
          Date.now = () => realNow() + message.byMs;
          return;
        case 'finish':
          this.#finish.abort();
          return;
        case 'adopt':
          this.#adopter.adopt(message.parcel);
          return;
        case 'close':
          onClose();
          return;
        case 'written':
          this.#writes.get(message.call)?.(message.isAccepted);
          this.#writes.delete(message.call);
          return;
      }
    };
  }
}

function finalRound(name: string): Round {
  const [ttlMs, holdMs, restMs] = [FINAL_TTL_MS, 0, 0];
  const waitTimeoutMs = PATIENT_MS / 2;
  const what = { names: [name], want: 1, limit: 1, isSteal: false, handOn: 'no' } as const;
  const kept = { minHoldMs: 0, lingerMs: 0 };
  const how = { isTry: false, ttlMs, autoRenew: true, waitTimeoutMs, abortAfterMs: null, holdMs, restMs };
  return { ...what, ...kept, ...how };
}

function tell(message: FromTaker): void {
  process.send?.(message);
}

// An orphan would go on for ever.
process.once('disconnect', () => setTimeout(() => process.exit(3), 2_000).unref());

void new Taker(JSON.parse(process.argv[2] ?? '') as TakerTask).run();
