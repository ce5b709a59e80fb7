import { spendText } from '../budget.js';

/** Binary data. */
export class Bytes {
  readonly kind = 'bytes';
  readonly typeName = 'bytes';
  constructor(readonly data: string) {
    spendText(data.length);
  }
}
