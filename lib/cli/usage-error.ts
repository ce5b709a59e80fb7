/** The arguments cannot be used; the message says why. */
export class UsageError extends Error {}
