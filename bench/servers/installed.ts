import {
  freePort,
  listens,
  outputOf,
  serverAt,
  startProgram,
  stopProgram,
  temporaryFolder,
} from './program.js';
import type { Maybe, RunningServer } from './running-server.js';
import type { ServerName } from '../systems/lock-system.js';

/** A server that is one program, which may be installed here. */
export interface InstalledServer {
  readonly name: ServerName;
  readonly title: string;
  readonly program: string;
  /** The variable that names one which runs already. */
  readonly variable: string;
  readonly scheme: string;
  /** Finds its version in what `--version` prints. */
  readonly version: RegExp;
  /** Its arguments. */
  readonly args: (port: number, folder: string, peerPort: number) => Readonly<Record<string, string>>;
}

/** The server that the environment names, or one that is started in a temporary folder. */
export async function installed(server: InstalledServer): Promise<Maybe<RunningServer>> {
  const { name, program, variable, scheme } = server;
  const url = process.env[variable];
  if (url !== undefined) return serverAt(name, `${server.title} of ${variable}`, { urls: [url] });
  const printed = outputOf(program, '--version');
  if (printed === undefined)
    return { unavailable: `${program} is not installed, and ${variable} names none` };
  const folder = temporaryFolder(name);
  const port = await freePort();
  const settings = server.args(port, folder.path, await freePort());
  const args = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
  const child = startProgram({ command: program, args });
  await listens(port, child);
  const title = `${server.title} ${server.version.exec(printed)?.[1] ?? ''}`;
  return serverAt(name, title, { urls: [`${scheme}://127.0.0.1:${port}`] }, async () => {
    await stopProgram(child);
    folder.remove();
  });
}
