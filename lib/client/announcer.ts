/**
 * Why a client sends the beginning of a request that it does not have yet.
 *
 * ThingsDB does not set TCP_NODELAY on the connections of its TCP port. The server's system holds back a small package
 * close behind another, such as a pushed grant behind the answer "waiting". It does so until the first is acknowledged.
 * The client's system puts that off by 40 ms unless the client sends something. There is no message that ThingsDB takes
 * without an answer, and an answer is the next small package that waits. But a package may arrive in pieces. So the
 * client announces its next request, when it has received something, sends nothing, and more may come. It then sends
 * the next byte of a package of a fixed length. The byte carries the acknowledgement; the server waits for the rest.
 * When there is a request it completes the package. One that does not fit is preceded by a call that does nothing.
 */
import type { AnnouncedForm, Announcement } from './announcement.js';
import { ServerError } from './server-error.js';

/** A server that takes no such package as was announced has not begun to run what it asks for. */
const UNREAD_CODES = new Set([-53, -61, -62]);
/** From here on down a server refuses what a request asks for; above, it cannot serve any now. */
const FIRST_CODE_OF_REQUESTS = -52;
const CANCELLED = -64;

/** What is announced on one connection: when, how far it has got, and whether the server takes it. */
export class Announcer {
  /** `undefined` while nothing is to be announced, or no more. */
  #form: AnnouncedForm | undefined;
  #begun: Announcement | undefined;
  /** Whether the server has taken a package that was announced. */
  #isTaken = false;
  #isAcknowledged = true;

  /** Only while nothing is {@link begun}. */
  use(form: AnnouncedForm): void {
    this.#form = form;
    this.#isTaken = false;
  }

  /** What is to be announced. */
  get form(): AnnouncedForm | undefined {
    return this.#form;
  }

  /** The package that has been begun. */
  get begun(): Announcement | undefined {
    return this.#begun;
  }

  /** Whether a byte is to be sent: something was received, and nothing sent since. */
  get isDue(): boolean {
    return this.#form !== undefined && !this.#isAcknowledged;
  }

  received(): void {
    this.#isAcknowledged = false;
  }

  /** Whatever is sent carries the acknowledgement. */
  sent(): void {
    this.#isAcknowledged = true;
  }

  /** Begins a package if there is none. */
  begin(takeId: () => number): Announcement {
    this.#begun ??= (this.#form as AnnouncedForm).begin(takeId());
    return this.#begun;
  }

  /**
   * What is left of the package that has been begun, with this request in it. `undefined` if there is none, or it is
   * not for such a request. It is complete then.
   *
   * @throws LockProtocolError if the request holds what MessagePack cannot carry; nothing has changed then
   */
  complete(type: number, body: unknown): Uint8Array | undefined {
    const args = this.#begun && this.#form?.argumentsOf(type, body);
    const rest = args && this.#begun?.complete(args);
    if (rest !== undefined) this.#begun = undefined;
    return rest;
  }

  /** What is left of the package that has been begun, to ask for nothing. It is complete then. */
  completeIdle(): Uint8Array | undefined {
    const rest = this.#begun?.completeIdle();
    this.#begun = undefined;
    return rest;
  }

  /** A request that had been announced, in this form, was answered. Returns whether it must be sent again without that. */
  answered(form: AnnouncedForm, failure: Error | undefined): boolean {
    if (form !== this.#form) return false;
    if (failure === undefined) this.#isTaken = true;
    // One that has taken such a package means what it says.
    if (this.#isTaken || !(failure instanceof ServerError) || !UNREAD_CODES.has(failure.error_code))
      return false;
    this.#form = undefined;
    return true;
  }

  /** What asks for nothing was refused: what is announced would be. A server that is busy or away refuses everything. */
  idleRefused(form: AnnouncedForm, reason: Error): void {
    if (form !== this.#form || !(reason instanceof ServerError)) return;
    const code = reason.error_code;
    if (code <= FIRST_CODE_OF_REQUESTS && code !== CANCELLED) this.#form = undefined;
  }
}
