import { LockConnectionError } from '../errors.js';

/**
 * A part of this package that is loaded when it is needed.
 *
 * After a failure the caller may try again. Node then looks anew for the file itself, and for anything if it loads by
 * `require`. An ES module that was there and failed fails in the same way until the process ends. So does one of whose
 * own imports a file was missing.
 * @throws LockConnectionError if it cannot be loaded
 */
export async function loaded<Part>(part: Promise<Part>): Promise<Part> {
  try {
    return await part;
  } catch (error) {
    const why = 'was the package moved, or installed anew, while the program ran?';
    throw new LockConnectionError(`a part of thingsdb-lock cannot be loaded; ${why}`, { cause: error });
  }
}
