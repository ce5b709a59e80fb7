import { ThingsError } from '../../engine.js';
import { errorCode } from '../../runtime/errors.js';

/** The error -55: the user may not do this. */
export function forbidden(message: string): ThingsError {
  return new ThingsError(errorCode.forbidden, message);
}
