/** The bytes are not a package of ThingsDB's protocol. The connection they came from cannot be understood any more. */
export class MalformedPackageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedPackageError';
  }
}
