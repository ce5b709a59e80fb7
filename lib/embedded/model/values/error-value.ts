import { ThingsError } from '../things-error.js';

/** An error as a value. */
export class ErrorValue {
  readonly kind = 'error';
  readonly typeName = 'error';

  constructor(
    readonly code: number,
    readonly message: string,
  ) {}

  toThrow(): ThingsError {
    return new ThingsError(this.code, this.message);
  }
}
