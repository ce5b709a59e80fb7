import { LockConnectionError, LockProtocolError } from '../errors.js';
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
}

/** Id 0xffff is the one that a server puts on what it sends unasked. */
const LAST_ID = 0xfffe;

/**
 * The requests of one connection that wait for their answers.
 *
 * An id is not given out again before its answer has come, not even when the request has timed out meanwhile: the late
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
  #onAnswered: (() => void) | undefined;
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
   * @throws LockConnectionError if there is no answer within the limit, or whatever `rejectAll` is given
   */
  send(request: OutgoingRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closedBy !== undefined) {
        reject(this.#closedBy);
        return;
      }
      const pending: PendingRequest = { request, resolve, reject, deadline: undefined, id: undefined };
      pending.deadline = this.#deadlines.add(pending);
      if (this.#outstanding.size < this.#lastId) this.#transmit(pending);
      else this.#backlog.add(pending);
    });
  }

  /**
   * Settles the request that `answer` belongs to; an answer that nobody waits for any more changes nothing.
   *
   * @throws LockProtocolError if it is not an answer
   */
  settle(answer: Package): void {
    const pending = this.#outstanding.get(answer.id);
    if (pending === undefined) return;
    const refusal = answer.type === PackageType.error ? refusalOf(answer) : undefined;
    this.#outstanding.delete(answer.id);
    if (this.#outstanding.size === 0) this.#onAnswered?.();
    if (pending !== null) {
      this.#forgetDeadline(pending);
      if (refusal === undefined) pending.resolve(answer.body ?? null);
      else pending.reject(refusal);
    }
    this.#transmitNext();
  }

  /** Resolves when all that was sent is answered, also what has timed out here; after `limitMs` at the latest. */
  answered(limitMs: number): Promise<void> {
    if (this.#outstanding.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const limit = setTimeout(resolve, limitMs);
      this.#onAnswered = () => {
        clearTimeout(limit);
        resolve();
      };
    });
  }

  /** Rejects what waits and whatever is sent later, and leaves no timer. */
  rejectAll(reason: Error): void {
    this.#closedBy = reason;
    this.#outstanding.clear();
    this.#onAnswered?.();
    this.#backlog.clear();
    for (const pending of this.#deadlines.drain()) pending.reject(reason);
  }

  #transmit(pending: PendingRequest): void {
    pending.id = this.#freeId();
    try {
      const bytes = encodePackage(pending.id, pending.request.type, pending.request.body);
      this.#outstanding.set(pending.id, pending);
      this.#write(bytes);
    } catch (error) {
      this.#outstanding.delete(pending.id);
      this.#forgetDeadline(pending);
      pending.reject(error as Error);
    }
  }

  #forgetDeadline({ deadline }: PendingRequest): void {
    if (deadline !== undefined) this.#deadlines.delete(deadline);
  }

  #transmitNext(): void {
    const [next] = this.#backlog;
    if (next === undefined || this.#outstanding.size >= this.#lastId) return;
    this.#backlog.delete(next);
    this.#transmit(next);
  }

  /** Only called while one is free. */
  #freeId(): number {
    do {
      this.#latestId = this.#latestId === this.#lastId ? 1 : this.#latestId + 1;
    } while (this.#outstanding.has(this.#latestId));
    return this.#latestId;
  }

  #timeOut(pending: PendingRequest): void {
    if (pending.id === undefined) this.#backlog.delete(pending);
    else this.#outstanding.set(pending.id, null);
    pending.reject(
      new LockConnectionError(`${pending.request.label} had no answer within ${this.#limitMs} ms`),
    );
  }
}

function refusalOf(answer: Package): ServerError {
  const body = answer.body as Partial<ServerErrorBody> | null | undefined;
  if (typeof body?.error_code !== 'number' || typeof body.error_msg !== 'string') {
    throw new LockProtocolError('not a ThingsDB server: an error without error_code and error_msg');
  }
  return new ServerError({ error_code: body.error_code, error_msg: body.error_msg });
}
