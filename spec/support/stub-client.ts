import type { ThingsDBClient } from '../../lib/client/thingsdb-client.js';

export const never = (): Promise<never> => new Promise<never>(() => undefined);

/** A client as others write them: no call settles unless a spec says so. */
export function stubClient(methods: Partial<ThingsDBClient> = {}): ThingsDBClient {
  return {
    connect: never,
    disconnect: never,
    auth: never,
    authToken: never,
    ping: never,
    query: never,
    run: never,
    join: never,
    leave: never,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    ...methods,
  };
}
