import { LockError } from '../errors.js';
import type { ServerErrorBody } from './thingsdb-client.js';

/** How much of the server's words an error keeps: they may repeat what was sent. */
const MOST_CHARACTERS = 1_000;

/**
 * A request that the server refused: its own code (see https://docs.thingsdb.io/v1/errors/) and words, nothing added.
 * Of very long ones it has the beginning. Callers of this library see it as the `cause` of a `LockError`. Codes -127 to
 * -100 are those of our procedures.
 */
export class ServerError extends Error implements ServerErrorBody {
  /** As Node prints it: bundlers rename classes. */
  static {
    Object.defineProperty(this, 'name', { value: 'ServerError' });
  }

  readonly error_code: number;
  readonly error_msg: string;

  constructor(body: ServerErrorBody) {
    const text = body.error_msg;
    const shown = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text;
    super(`${shown} (${body.error_code})`);
    this.name = 'ServerError';
    this.error_code = body.error_code;
    this.error_msg = shown;
  }

  /** The server's refusal in `error`, whichever client it came through; `undefined` if it is something else. */
  static from(error: unknown): ServerError | undefined {
    if (error instanceof ServerError) return error;
    if (typeof error !== 'object' || error === null) return undefined;
    const { error_code, error_msg } = error as Partial<ServerErrorBody>;
    if (typeof error_code !== 'number') return undefined;
    return new ServerError({
      error_code,
      error_msg: typeof error_msg === 'string' ? error_msg : 'no message',
    });
  }
}

/** ThingsDB's code for something that does not exist, and for a collection that exists already. */
export const LOOKUP_ERROR = -54;

/** The server's code behind an error, whether it has been given a type of ours or not. */
export function serverCode(error: unknown): number | undefined {
  return ServerError.from(error instanceof LockError ? error.cause : error)?.error_code;
}
