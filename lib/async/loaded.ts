import { LockConnectionError } from '../errors.js';

/**
 * A part of this package that is loaded when it is needed.
 * @throws LockConnectionError if it cannot be: the next try loads it again
 */
export async function loaded<Part>(part: Promise<Part>): Promise<Part> {
  try {
    return await part;
  } catch (error) {
    const why = 'was the package moved, or installed anew, while the program ran?';
    throw new LockConnectionError(`a part of thingsdb-lock cannot be loaded; ${why}`, { cause: error });
  }
}
