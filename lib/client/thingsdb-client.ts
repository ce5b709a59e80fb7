/**
 * What this library needs of a ThingsDB client: the shape of thingsdb.js, which meets it as it is.
 * An object that has these methods can be given to the manager as `client`.
 */
export interface ThingsDBClient {
  /** Opens the connection; resolves when requests can be sent. */
  connect(): Promise<unknown>;
  /** Closes it. May never settle (thingsdb.js 0.2.0 after the socket has dropped): callers bound their wait. */
  disconnect(): Promise<unknown>;
  /** Logs in with a user's name and password. */
  auth(username: string, password: string): Promise<unknown>;
  /** Logs in with a token. */
  authToken(token: string): Promise<unknown>;
  /** Resolves when the node has answered. */
  ping(): Promise<unknown>;
  /**
   * Runs code in ThingsDB's language.
   * @param scope such as `@thingsdb` or `//lock`
   */
  query(scope: string, code: string, vars?: Record<string, unknown>): Promise<unknown>;
  /** Runs a procedure of a scope; resolves with what it returns. */
  run(scope: string, procedure: string, args?: unknown[]): Promise<unknown>;
  /** Joins rooms by id; an id that the node does not know yet comes back as `null`. */
  join(scope: string, ...roomIds: number[]): Promise<(number | null)[]>;
  /** Leaves rooms by id. */
  leave(scope: string, ...roomIds: number[]): Promise<(number | null)[]>;
  /** `type` is the protocol's number: 6 join, 7 leave, 8 emit, 9 delete, 0 node status, 5 warning. */
  addEventListener(callback: (type: number, message: unknown) => void): void;
  /** Tells this callback no more. */
  removeEventListener(callback: (type: number, message: unknown) => void): void;
}

const METHODS = [
  'connect',
  'disconnect',
  'auth',
  'authToken',
  'ping',
  'query',
  'run',
  'join',
  'leave',
  'addEventListener',
  'removeEventListener',
] as const satisfies readonly (keyof ThingsDBClient)[];

/** Whether it has every method that this library needs of a client. */
export function isClient(value: unknown): value is ThingsDBClient {
  if (typeof value !== 'object' || value === null) return false;
  return METHODS.every((method) => typeof (value as Partial<ThingsDBClient>)[method] === 'function');
}

/** What a server (and thingsdb.js) rejects a refused request with. */
export interface ServerErrorBody {
  readonly error_code: number;
  readonly error_msg: string;
}
