import type { HostileAnswer } from './hostile-client.js';

const FIRST_CODE = -127;
const LAST_CODE = -100;

/** What ThingsDB says itself, before a procedure begins: rights, and arguments that it cannot read. */
const OWN_WORDS = [
  /\(argument (?:\d+|`.*`) for procedure `/s,
  /is missing the required privileges/,
  /^run expects arguments to be of type map or array/,
  /^arguments keys must be of type/,
  /^no match in whitelist for/,
];

export function isRefused({ errorCode }: HostileAnswer): boolean {
  return errorCode !== undefined;
}

/** Whether the refusal is ThingsDB's own: the procedure was never called. */
export function isOwnRefusal({ errorText }: HostileAnswer): boolean {
  return OWN_WORDS.some((words) => words.test(errorText));
}

/** Whether the schema, or what else may be refused with, knows this code. */
export function isTyped(code: number, others: readonly number[] = []): boolean {
  return (code >= FIRST_CODE && code <= LAST_CODE) || others.includes(code);
}

/** What of these secrets stands in the bytes. */
export function leaked(bytes: Buffer, secrets: readonly string[]): string | undefined {
  return secrets.find((secret) => bytes.includes(secret));
}
