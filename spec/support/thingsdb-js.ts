import { createRequire } from 'node:module';
import { WebSocket } from 'ws';
import type { ThingsDBClient } from '../../lib/client/thingsdb-client.js';

/** thingsdb.js, from its built file (`THINGSDB_JS`) or as it is installed. */
export function thingsdbJs<Client = ThingsDBClient>(): new (url?: string) => Client {
  // It is made for browsers: Node has a WebSocket of its own only from version 22 on.
  const scope = globalThis as { WebSocket?: unknown };
  scope.WebSocket ??= WebSocket;
  // Not import(): Jest runs these files as CommonJS, in a context where that is not to be had.
  return createRequire(__filename)(process.env['THINGSDB_JS'] ?? 'thingsdb.js') as new (
    url?: string,
  ) => Client;
}
