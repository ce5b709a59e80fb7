import { makesChange, type Answer, type BatchAnswer, type Operation } from '../schema/operations.js';
import { MAX_PLACES, Refusal } from '../schema/constants.js';
import type { RoomId } from '../schema/replies.js';
import { Batching, isSlow } from './batching.js';
import { Nudging } from './nudging.js';

/** What is asked, and who has asked: told once what has become of it. */
export interface Asked {
  readonly operation: Operation;
  /** @param told what is told with the answers of the call */
  answered(answer: Answer, told: BatchAnswer): void;
  failed(error: unknown): void;
}

/** Decides operations in one change; see `LockProcedures.batch`. */
export type Batch = (operations: readonly Operation[]) => Promise<BatchAnswer>;

/** Whoever can make slow changes quick; see `Nudger`. */
export interface Nudges {
  readonly isPossible: boolean;
  /** @param room that all nodes know */
  nudge(room: RoomId): void;
}

/**
 * What is asked in one turn of the event loop travels in one call at its end. One change decides it. Where many small
 * calls do more than a few large ones, it travels in those: see {@link Batching}.
 */
export class Batcher {
  readonly #batch: Batch;
  readonly #nudges: Nudges | undefined;
  #asked: Asked[] = [];
  readonly #batching = new Batching();
  readonly #nudging = new Nudging();
  /** Operations that have been sent. */
  #unanswered = 0;
  #isFlushing = false;
  #isUrgent = false;
  readonly #flushLater = (): void => this.flush();

  constructor(batch: Batch, nudges?: Nudges) {
    this.#batch = batch;
    this.#nudges = nudges;
  }

  /**
   * Asks with whatever else is asked in this turn.
   * @param isUrgent what is asked so far is sent before any promise that is settled from now on goes on. The caller's
   *   code may block the event loop, and an acknowledgement must be out by then.
   */
  ask(asked: Asked, isUrgent = false): void {
    this.#asked.push(asked);
    if (isUrgent && !this.#isUrgent) {
      this.#isUrgent = true;
      queueMicrotask(this.#flushLater);
    } else if (!this.#isFlushing) {
      this.#isFlushing = true;
      // After all promises that are settled in this turn have gone on: what they ask travels too.
      process.nextTick(this.#flushLater);
    }
  }

  /** Sends what is asked so far, if any of it is urgent: code of a caller's is about to run. */
  flushUrgent(): void {
    if (this.#isUrgent) this.flush();
  }

  /** Sends what is asked so far. */
  flush(): void {
    this.#isFlushing = false;
    this.#isUrgent = false;
    const asked = this.#asked;
    if (asked.length === 0) return;
    this.#asked = [];
    if (asked.length === 1) {
      this.#send(asked);
      return;
    }
    const { isTogether } = this.#batching;
    const most = this.#batching.most(asked.length + this.#unanswered);
    for (let start = 0; start < asked.length;) {
      const end = endOfCall(asked, start, most);
      this.#send(asked.slice(start, end), isTogether);
      start = end;
    }
  }

  /** @param wasTogether how it was decided to send it; `undefined` where there was nothing to decide */
  #send(asked: readonly Asked[], wasTogether?: boolean): void {
    const operations = asked.map(({ operation }) => operation);
    this.#unanswered += asked.length;
    this.#batch(operations).then(
      (told) => {
        this.#unanswered -= asked.length;
        // Reads are quick also where changes are slow.
        if (operations.some(makesChange)) this.#learn(wasTogether, asked.length, told);
        this.#tell(asked, told);
      },
      (error: unknown) => {
        this.#unanswered -= asked.length;
        this.#batching.restart();
        for (const one of asked) one.failed(error);
      },
    );
  }

  /**
   * Nudges come first. On what they do not make quick, large and small calls are tried. What was learned of these holds
   * until nudges have helped. On a distant cluster, where each call is slow, nudges are tried again and again.
   */
  #learn(wasTogether: boolean | undefined, count: number, { sentMs, receivedMs, room }: BatchAnswer): void {
    if (this.#nudges?.isPossible === true) {
      const { hasHelped } = this.#nudging;
      if (this.#nudging.answered(isSlow(count, receivedMs - sentMs), sentMs, receivedMs)) {
        this.#nudges.nudge(room);
        if (!hasHelped && this.#nudging.hasHelped) this.#batching.restart();
        return;
      }
    } else {
      this.#nudging.stop();
    }
    if (wasTogether !== undefined) this.#batching.answered(wasTogether, count, sentMs, receivedMs);
  }

  #tell(asked: readonly Asked[], told: BatchAnswer): void {
    const { answers } = told;
    if (asked.length === 1) {
      asked[0]?.answered(answers[0] as Answer, told);
      return;
    }
    // The call took its time: those that are left go in another. The first is always decided, or the server is at fault.
    const left = isUndecided(answers[0]) ? [] : asked.filter((_, i) => isUndecided(answers[i]));
    if (left.length > 0) this.#send(left);
    asked.forEach((one, i) => {
      if (left.length === 0 || !isUndecided(answers[i])) one.answered(answers[i] as Answer, told);
    });
  }
}

/** Up to where one call goes: so many operations at most, and no more names than the server takes. */
function endOfCall(asked: readonly Asked[], start: number, most: number): number {
  const last = Math.min(start + most, asked.length);
  let places = 0;
  for (let i = start; i < last; i++) {
    places += placesOf((asked[i] as Asked).operation);
    if (places > MAX_PLACES) return i;
  }
  return last;
}

/** For how many names the server counts it. */
function placesOf(operation: Operation): number {
  return 'terms' in operation ? operation.terms.names.length : 1;
}

function isUndecided(answer: Answer | undefined): boolean {
  return answer?.state === 'refused' && answer.code === Refusal.notDecided;
}
