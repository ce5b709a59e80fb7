import { errorCode } from '../../model/errors.js';
import { ThingsError } from '../../model/things-error.js';

/** The error -55: the user may not do this. */
export function forbidden(message: string): ThingsError {
  return new ThingsError(errorCode.forbidden, message);
}
