import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Auth } from '../../lib/index.js';
import type { ChaosArguments } from './arguments.js';
import type { ChaosServer, OnNodeCrash } from './chaos-server.js';
import { EmbeddedServer } from './embedded-server.js';
import { RealServer } from './real-server.js';

/** The server of a run; made anew if there is a command for that. */
export async function startServer(options: ChaosArguments, onCrash?: OnNodeCrash): Promise<ChaosServer> {
  const { backend, urls, commands, isLingering, fresh } = options;
  if (backend === 'embedded') return EmbeddedServer.start();
  if (fresh !== undefined) await carryOut(fresh);
  return RealServer.start({ urls, commands, isLingering, auth: authOf(process.env) }, onCrash);
}

/** What it prints would be taken for figures: it goes to stderr. @throws an error when the command fails */
async function carryOut(command: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 2, 2] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (code !== 0) throw new Error(`${command}: ended with ${signal ?? code}`);
}

function authOf(environment: NodeJS.ProcessEnv): Auth {
  const { THINGSDB_TOKEN: token, THINGSDB_USER: username, THINGSDB_PASSWORD: password } = environment;
  if (token !== undefined) return { token };
  return { username: username ?? 'admin', password: password ?? 'pass' };
}
