import { Buffer } from 'node:buffer';
import { LockConnectionError, LockProtocolError } from '../errors.js';
import type { AnnouncedForm } from './announcement.js';
import { Announcer } from './announcer.js';
import { DeadlineQueue, type Deadline } from './deadline-queue.js';
import { encodePackage, type Package } from './package-codec.js';
import { PackageType } from './package-type.js';
import { ServerError } from './server-error.js';
import type { ServerErrorBody } from './thingsdb-client.js';

/** What is sent, and how a person would name it when it fails. */
export interface OutgoingRequest {
  readonly type: number;
  readonly body?: unknown;
  readonly label: string;
}

interface PendingRequest {
  readonly request: OutgoingRequest;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
  deadline: Deadline<PendingRequest> | undefined;
  /** Not there yet while it waits for one. */
  id: number | undefined;
  /** How it was announced, if it was. */
  form: AnnouncedForm | undefined;
}

/** Id 0xffff is the one that a server puts on what it sends unasked. */
const LAST_ID = 0xfffe;

/**
 * The requests of one connection that wait for their answers.
 *
 * An id is not given out again before its answer has come, even when the request has timed out meanwhile. The late
 * answer would be taken for another's. When all ids are taken, requests wait for one, in order, within their limit.
 */
export class RequestTable {
  readonly #limitMs: number;
  readonly #lastId: number;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #deadlines: DeadlineQueue<PendingRequest>;
  /** By id; `null` once timed out. */
  readonly #outstanding = new Map<number, PendingRequest | null>();
  readonly #backlog = new Set<PendingRequest>();
  #latestId = 0;
  readonly #announcer = new Announcer();
  readonly #onAnswered = new Set<(isAnswered: boolean) => void>();
  #closedBy: Error | undefined;

  /** @param lastId ids go from 1 to this; fewer are of use to tests only */
  constructor(limitMs: number, write: (bytes: Uint8Array) => void, lastId = LAST_ID) {
    this.#limitMs = limitMs;
    this.#lastId = lastId;
    this.#write = write;
    this.#deadlines = new DeadlineQueue(limitMs, (pending) => this.#timeOut(pending));
  }

  /**
   * Sends the request; resolves with the body of its answer (`null` if that has none).
   *
   * @throws ServerError if the server refuses it
   * @throws LockConnectionError if there is no answer within the limit, or whatever `rejectAll` or `end` is given
   */
  send(request: OutgoingRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closedBy !== undefined) {
        reject(this.#closedBy);
        return;
      }
      const pending = pendingOf(request, resolve, reject);
      pending.deadline = this.#deadlines.add(pending);
      if (this.#freeIds > 0) this.#transmit(pending);
      else this.#backlog.add(pending);
    });
  }

  /**
   * Settles the request that `answer` belongs to; an answer that nobody waits for any more changes nothing. One that
   * cannot be read, or is not of the protocol, rejects its request with LockProtocolError. The request may have taken
   * effect.
   */
  settle(answer: Package): void {
    const pending = this.#outstanding.get(answer.id);
    if (pending === undefined) return;
    this.#outstanding.delete(answer.id);
    if (this.#outstanding.size === 0 && this.#onAnswered.size > 0) this.#tellAnswered(true);
    if (pending !== null) this.#answer(pending, answer);
    if (this.#backlog.size > 0) this.#transmitNext();
  }

  /**
   * Resolves with `true` when all that was sent is answered, also what has timed out or was rejected here. With `false`
   * when there will be no more answers, or after `limitMs`.
   */
  answered(limitMs: number, { keepsAlive = true } = {}): Promise<boolean> {
    if (this.#outstanding.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (isAnswered: boolean): void => {
        clearTimeout(limit);
        this.#onAnswered.delete(settle);
        resolve(isAnswered);
      };
      const limit = setTimeout(() => settle(false), limitMs);
      if (!keepsAlive) limit.unref();
      this.#onAnswered.add(settle);
    });
  }

  /** Rejects what waits and whatever is sent later, and leaves no timer for it. What was sent is still owed an answer. */
  rejectAll(reason: Error): void {
    this.#closedBy ??= reason;
    for (const id of this.#outstanding.keys()) this.#outstanding.set(id, null);
    this.#backlog.clear();
    for (const pending of this.#deadlines.drain()) pending.reject(reason);
  }

  /** The same, and no answer will come any more. */
  end(reason: Error): void {
    this.rejectAll(reason);
    this.#outstanding.clear();
    this.#tellAnswered(false);
  }

  #tellAnswered(isAnswered: boolean): void {
    for (const settle of [...this.#onAnswered]) settle(isAnswered);
  }

  /** From now on runs of this form are announced: see announcer.ts. */
  announce(form: AnnouncedForm): void {
    // One that has been begun is of the form before.
    this.#completeIdle();
    this.#announcer.use(form);
  }

  /** Something has come in: unless something is sent, {@link acknowledge} will tell the server so. */
  received(): void {
    this.#announcer.received();
  }

  /** Sends a byte, for the acknowledgement that it carries, if nothing has been sent since something was received. */
  acknowledge(): void {
    if (!this.#announcer.isDue || this.#closedBy !== undefined) return;
    // One id for it, and one for a request that must be preceded by a call that does nothing.
    if (this.#announcer.begun === undefined && this.#freeIds < 2) return;
    const announcement = this.#announcer.begin(() => this.#freeId());
    if (announcement.isUsedUp) this.#completeIdle();
    else this.#send(announcement.next());
  }

  /** Whether answers are owed. */
  get isOwed(): boolean {
    return this.#outstanding.size > 0;
  }

  #send(bytes: Uint8Array): void {
    this.#announcer.sent();
    this.#write(bytes);
  }

  #transmit(pending: PendingRequest): void {
    const { type, body } = pending.request;
    try {
      const announcedId = this.#announcer.begun?.id;
      const rest = this.#announcer.complete(type, body);
      pending.form = rest && this.#announcer.form;
      const id = rest === undefined ? this.#freeId() : (announcedId as number);
      const bytes = rest ?? encodePackage(id, type, body);
      // One write for both.
      const idle = rest === undefined ? this.#idle() : undefined;
      pending.id = id;
      this.#outstanding.set(id, pending);
      this.#send(idle === undefined ? bytes : Buffer.concat([idle, bytes]));
    } catch (error) {
      if (pending.id !== undefined) this.#outstanding.delete(pending.id);
      this.#forgetDeadline(pending);
      pending.reject(error as Error);
    }
  }

  /** Ends an announcement that no request can use by a call that does nothing. */
  #completeIdle(): void {
    const rest = this.#idle();
    if (rest !== undefined) this.#send(rest);
  }

  /** What is left of that call, if one was announced. It is to be sent at once. */
  #idle(): Uint8Array | undefined {
    const { form, begun } = this.#announcer;
    const rest = this.#announcer.completeIdle();
    if (begun === undefined || rest === undefined) return undefined;
    const refused = (reason: Error): void => form && this.#announcer.idleRefused(form, reason);
    this.#outstanding.set(begun.id, { ...pendingOf(IDLE, ignore, refused), id: begun.id, form });
    return rest;
  }

  #answer(pending: PendingRequest, answer: Package): void {
    const failure = failureOf(answer, pending.request);
    const mustRepeat = pending.form !== undefined && this.#announcer.answered(pending.form, failure);
    if (mustRepeat && pending.request !== IDLE) {
      this.#transmit(pending);
      return;
    }
    this.#forgetDeadline(pending);
    if (failure === undefined) pending.resolve(answer.body ?? null);
    else pending.reject(failure);
  }

  #forgetDeadline({ deadline }: PendingRequest): void {
    if (deadline !== undefined) this.#deadlines.delete(deadline);
  }

  #transmitNext(): void {
    const [next] = this.#backlog;
    if (next === undefined || this.#freeIds === 0) return;
    this.#backlog.delete(next);
    this.#transmit(next);
  }

  /** Only called while one is free. */
  #freeId(): number {
    do {
      this.#latestId = this.#latestId === this.#lastId ? 1 : this.#latestId + 1;
    } while (this.#outstanding.has(this.#latestId) || this.#latestId === this.#announcer.begun?.id);
    return this.#latestId;
  }

  get #freeIds(): number {
    return this.#lastId - this.#outstanding.size - (this.#announcer.begun === undefined ? 0 : 1);
  }

  #timeOut(pending: PendingRequest): void {
    if (pending.id === undefined) this.#backlog.delete(pending);
    else this.#outstanding.set(pending.id, null);
    pending.reject(
      new LockConnectionError(`${pending.request.label} had no answer within ${this.#limitMs} ms`),
    );
  }
}

const IDLE: OutgoingRequest = { type: PackageType.run, label: 'a call that does nothing' };
const ignore = (): void => undefined;

function pendingOf(
  request: OutgoingRequest,
  resolve: (value: unknown) => void,
  reject: (reason: Error) => void,
): PendingRequest {
  return { request, resolve, reject, deadline: undefined, id: undefined, form: undefined };
}

function failureOf(answer: Package, { label }: OutgoingRequest): Error | undefined {
  if (answer.fault !== undefined) {
    return new LockProtocolError(`${label} was answered, but ${answer.fault.message}`, {
      cause: answer.fault,
    });
  }
  if (answer.type !== PackageType.error) return undefined;
  const body = answer.body as Partial<ServerErrorBody> | null | undefined;
  if (typeof body?.error_code !== 'number' || typeof body.error_msg !== 'string') {
    return new LockProtocolError(`${label} was answered with an error without error_code and error_msg`);
  }
  return new ServerError({ error_code: body.error_code, error_msg: body.error_msg });
}
