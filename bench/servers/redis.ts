import { installed } from './installed.js';
import type { Maybe, RunningServer } from './running-server.js';

/** The server at REDIS_URL, or redis-server without persistence. */
export function redis(): Promise<Maybe<RunningServer>> {
  return installed({
    name: 'redis',
    title: 'Redis',
    program: 'redis-server',
    variable: 'REDIS_URL',
    scheme: 'redis',
    version: /v=(\S+)/,
    args: (port, dir) => ({ port: String(port), bind: '127.0.0.1', dir, save: '', appendonly: 'no' }),
  });
}
