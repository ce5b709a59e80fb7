import { Alarm } from '../async/alarm.js';
import { detached } from '../async/detached.js';

/** What a heartbeat needs of the connection that it watches. */
export interface Pulse {
  /** Asks the server for a sign of life. Its answer is told by `answered`. */
  ping(): void;
  /** All bytes that ever came in, if that is known. Part of a long answer is a sign of life too, for a while. */
  bytesRead(): number | undefined;
  /** When the call was sent that has waited longest for its answer; `undefined` while none waits. */
  oldestCallMs(): number | undefined;
  /** The server is silent for longer than usual: it is time to look for another connection beside this one. */
  onSilent(): void;
  /** The server answers pings, and has left a call unanswered for longer than calls are waited for. */
  onStuck(): void;
  /** The connection is of no use any more, unless {@link Heartbeat.revives} is true by then. */
  onDead(silentMs: number): void;
}

/** The shortest time in which a connection is found dead; a shorter one would be no sign of anything. */
const LEAST_WINDOW_MS = 250;
/** Pings are never closer to each other than this. */
const LEAST_BETWEEN_MS = 250;
/** A call without an answer is a reason to ping after so long. */
const CALL_SILENCE_MS = 250;
/** An unanswered ping is a reason to look for another connection after so long, as RFC 8305 does for addresses. */
const SILENT_MS = 500;
const LEAST_PATIENCE_MS = 200;
/** A server that is far away needs a few round trips before its silence means anything. */
const ROUND_TRIPS = 3;
/** A call that has waited for so many round trips is stuck. */
const STUCK_TRIPS = 10;

/**
 * Finds out that a connection has gone silent. It pings only after a silence, so that it costs nothing while calls are
 * answered. From the last answer to `onDead` the window passes, which {@link watch} sets.
 *
 * Only an answer shows that the server hears this process. Pushed messages come in also when nothing goes out any more.
 * Other bytes may be part of a long answer. They delay `onDead` by half a window at most, as a renewal would have to
 * wait behind them too.
 */
export class Heartbeat {
  readonly #pulse: Pulse;
  readonly #alarm = new Alarm();
  #windowMs: number | undefined;
  /** How long a call may wait for its answer. */
  #callPatienceMs = Infinity;
  /** When the call was sent for which `onStuck` was told. */
  #stuckCallMs = -Infinity;
  /** The last answer. */
  #heardMs = performance.now();
  /** The last bytes that are no pushed message. */
  #bytesMs = -Infinity;
  /** The ping that has no answer yet. */
  #pingMs: number | undefined;
  #lastPingMs = -Infinity;
  #bytesRead: number | undefined;
  #isSilenceTold = false;
  #alarmMs = Infinity;
  /** The shorter of the last two round trips, so that one which met a busy server does not count. */
  #roundTripMs = 0;
  #lastTripMs = Infinity;

  constructor(pulse: Pulse) {
    this.#pulse = pulse;
    this.#bytesRead = pulse.bytesRead();
  }

  /**
   * @param windowMs how soon a silence has to be found out; `undefined` when nobody needs to know
   * @param callPatienceMs how long a call may wait for its answer, although the server answers pings
   */
  watch(windowMs: number | undefined, callPatienceMs = Infinity): void {
    this.#callPatienceMs = callPatienceMs;
    this.#windowMs = windowMs === undefined ? undefined : Math.max(LEAST_WINDOW_MS, windowMs);
    // An alarm that is set stays: one that finds nobody to tell does nothing, which costs less than clearing it.
    if (this.#windowMs !== undefined && this.#pingMs === undefined) this.#lookAt(this.#dueMs());
  }

  /** For good. */
  stop(): void {
    this.#windowMs = undefined;
    this.#alarm.clear();
  }

  /** A call was answered. */
  heard(): void {
    this.#heardMs = performance.now();
  }

  /** A message came in that nobody asked for: the bytes until now are no part of an answer. */
  pushed(): void {
    this.#bytesRead = this.#pulse.bytesRead();
  }

  /** @param roundTripMs how long an answer has taken that the server gives at once */
  answered(roundTripMs: number): void {
    this.#roundTripMs = Math.min(this.#lastTripMs, roundTripMs);
    this.#lastTripMs = roundTripMs;
    this.heard();
  }

  /** A call waits for its answer, and none did before. */
  callsBegan(): void {
    if (this.#windowMs !== undefined && this.#pingMs === undefined) this.#lookAt(this.#dueMs());
  }

  /** Whether no answer has come in since `onSilent`, nor part of one. */
  get isSilent(): boolean {
    this.#readBytes();
    return this.#isSilenceTold && this.#heardMs < (this.#pingMs ?? -Infinity);
  }

  /** Whether an answer has come in since `onDead`: then the connection is watched on. */
  revives(): boolean {
    if (this.#heardMs < (this.#pingMs ?? Infinity)) return false;
    this.#look(performance.now());
    return true;
  }

  /** Whether the call that `onStuck` was told for has no answer yet. */
  get isStuck(): boolean {
    return (this.#pulse.oldestCallMs() ?? Infinity) <= this.#stuckCallMs;
  }

  /** @param nowMs everything that had come in by then has been read */
  #look(nowMs: number): void {
    if (this.#windowMs === undefined) return;
    this.#readBytes();
    if (this.#pingMs !== undefined && this.#heardMs >= this.#pingMs) {
      this.#pingMs = undefined;
      this.#isSilenceTold = false;
    }
    if (this.#pingMs !== undefined) this.#judge(this.#pingMs, nowMs);
    else if (nowMs + 1 >= this.#stuckMs) this.#tellStuck();
    else this.#pingWhenDue(nowMs);
  }

  /**
   * When the call that waits longest has waited for too long. A server that is slow with its pings too has too much to
   * do. If all its clients leave it, the others soon have too much.
   */
  get #stuckMs(): number {
    const patienceMs = Math.max(this.#callPatienceMs, STUCK_TRIPS * this.#roundTripMs);
    return (this.#pulse.oldestCallMs() ?? Infinity) + patienceMs;
  }

  #tellStuck(): void {
    this.#stuckCallMs = this.#pulse.oldestCallMs() ?? -Infinity;
    // Once: whoever is told decides.
    this.#callPatienceMs = Infinity;
    this.#lookAt(this.#dueMs(), true);
    this.#pulse.onStuck();
  }

  #pingWhenDue(nowMs: number): void {
    const dueMs = this.#dueMs();
    // A timer may be a fraction of a millisecond early.
    if (dueMs > nowMs + 1) {
      this.#lookAt(Math.min(dueMs, this.#stuckMs), true);
      return;
    }
    this.#pingMs = this.#lastPingMs = nowMs;
    this.#lookAt(Math.min(nowMs + this.#silentAfterMs, this.#stuckMs), true);
    this.#pulse.ping();
  }

  #judge(pingMs: number, nowMs: number): void {
    const lifeMs = Math.max(pingMs, this.#bytesMs);
    const latestMs = pingMs + 2 * this.#patienceMs;
    const deadMs = Math.min(lifeMs + this.#patienceMs, latestMs);
    if (nowMs + 1 >= deadMs) {
      this.#pulse.onDead(nowMs - this.#heardMs);
      return;
    }
    const silentMs = Math.min(lifeMs + this.#silentAfterMs, latestMs);
    const isTime = nowMs + 1 >= silentMs;
    this.#lookAt(isTime ? deadMs : silentMs, true);
    if (!isTime || this.#isSilenceTold) return;
    this.#isSilenceTold = true;
    this.#pulse.onSilent();
  }

  /** When the next ping is due, if no answer comes in until then. */
  #dueMs(): number {
    const quietMs = this.#window / 2;
    // A call that has no answer is reason enough. If the connection was idle before the call, its answer is awaited
    // first.
    const callMs = this.#pulse.oldestCallMs();
    const dueMs =
      callMs === undefined
        ? this.#heardMs + quietMs
        : Math.max(callMs, this.#heardMs) + Math.min(CALL_SILENCE_MS, quietMs);
    return Math.max(dueMs, this.#lastPingMs + LEAST_BETWEEN_MS);
  }

  get #window(): number {
    return this.#windowMs ?? Infinity;
  }

  get #silentAfterMs(): number {
    const leastMs = Math.min(SILENT_MS, this.#window / 4);
    return Math.min(this.#patienceMs, Math.max(leastMs, 2 * this.#roundTripMs));
  }

  get #patienceMs(): number {
    return Math.max(this.#window / 2, LEAST_PATIENCE_MS, ROUND_TRIPS * this.#roundTripMs);
  }

  #readBytes(): void {
    const bytesRead = this.#pulse.bytesRead();
    if (bytesRead === this.#bytesRead) return;
    this.#bytesRead = bytesRead;
    this.#bytesMs = performance.now();
    this.#isSilenceTold = false;
  }

  /** Sets the alarm; without `isNew` only to something earlier than it is set to. */
  #lookAt(atMs: number, isNew = false): void {
    if (!isNew && this.#alarmMs <= atMs) return;
    this.#alarmMs = atMs;
    detached(() =>
      this.#alarm.set(atMs, (readMs) => {
        this.#alarmMs = Infinity;
        this.#look(readMs);
      }),
    );
  }
}
