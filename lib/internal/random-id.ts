const BYTES = 16;

/** 128 random bits as text: nobody can guess it, so knowing it is the right to what it names. */
export function randomId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(BYTES))).toString('base64url');
}
