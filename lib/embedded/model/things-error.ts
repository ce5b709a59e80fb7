/** An error of ThingsDB: its code (-127 ... -1, see docs of `err`) and its message. */
export class ThingsError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = 'ThingsError';
  }
}
