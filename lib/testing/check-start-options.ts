import type { StartOptions } from './start-thingsdb.js';

/** Each of them: a new one that is missing here does not compile. */
const KNOWN: Readonly<Record<keyof StartOptions, true>> = {
  port: true,
  tcpPort: true,
  tcpNoDelay: true,
  clock: true,
  password: true,
  users: true,
  collections: true,
  history: true,
};

/** @throws TypeError that names what cannot be used, before anything is started */
export function checkStartOptions(options: StartOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`startThingsDB takes an object such as { port: 9270 }, not ${String(options)}`);
  const unknown = Object.keys(options).find((option) => !Object.hasOwn(KNOWN, option));
  if (unknown !== undefined)
    throw new TypeError(`startThingsDB has no option ${unknown}; there are ${Object.keys(KNOWN).join(', ')}`);
  for (const name of ['port', 'tcpPort'] as const) {
    const { [name]: port = 0 } = options;
    // Node takes a text for the path of a socket.
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new TypeError(
        `${name} is ${typeof port === 'string' ? JSON.stringify(port) : String(port)}; expected a whole number from 0 to 65535`,
      );
  }
}
