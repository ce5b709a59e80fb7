import { WebSocket } from 'ws';
import type { ThingsDBClient } from 'thingsdb-lock';

/** In your program: `import ThingsDB from 'thingsdb.js'`. Here a built file of it will do (`THINGSDB_JS`). */
export async function loadThingsDB(): Promise<new (url: string) => ThingsDBClient> {
  // thingsdb.js is made for browsers: Node has a WebSocket of its own only from version 22 on.
  const scope = globalThis as { WebSocket?: unknown };
  scope.WebSocket ??= WebSocket;
  const specifier = process.env['THINGSDB_JS'] ?? 'thingsdb.js';
  try {
    const module = (await import(specifier)) as { default: new (url: string) => ThingsDBClient };
    return module.default;
  } catch (cause) {
    throw new Error('thingsdb.js is not installed: npm install thingsdb.js', { cause });
  }
}
