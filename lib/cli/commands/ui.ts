import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { parseAddress } from '../../client/address.js';
import type { LockManager } from '../../index.js';
import type { Call, CliCommand } from '../cli-command.js';
import { connectionOptions, type ConnectionSettings, type ConnectionValues } from '../connection-options.js';
import { ExitStatus, okStatus, serverStatuses } from '../exit-status.js';
import { listenFailure } from '../listen-failure.js';
import { ownPackage } from '../own-package.js';
import { endedBySignal } from '../running/ending-signals.js';
import { MAX_PORT, wholeNumber } from '../time-option.js';

interface UiOptions extends ConnectionValues {
  readonly port: number;
  readonly host?: string;
  readonly allowChanges?: boolean;
}

const DEFAULT_PORT = 9280;

/** `thingsdb-lock ui`: serves the live view until a signal ends it. Prints `listening on http://...` when it can be opened. */
export const ui: CliCommand<UiOptions> = {
  name: 'ui',
  arguments: [],
  summary: 'shows the locks live in a browser',
  description:
    'Serves a page that shows who holds which locks and who waits, as it happens, until it is ended. Only reachable from ' +
    'this machine unless you say --host. Where others could reach it, or locks can be taken away, the link has a token.',
  options: [
    new Option('--port <n>', 'the port of the page, 0 for any free one (default: 9280)')
      .argParser(wholeNumber(0, MAX_PORT))
      .default(DEFAULT_PORT, '9280'),
    new Option(
      '--host <address>',
      'serves it on this address instead of the loopback; without TLS',
    ).argParser(hostText),
    new Option('--allow-changes', 'locks can be released, stolen and asked for from the page'),
    ...connectionOptions(),
  ],
  statuses: [okStatus('a signal has ended it'), ...serverStatuses],

  async act(call) {
    const { withManager } = await import('../operating/with-manager.js');
    const settings = call.connection();
    let status: number = ExitStatus.ok;
    const owner = `live view on ${hostname()}:${process.pid}`;
    await withManager({ ...settings, owner }, async (manager) => {
      status = await serve(call, manager, settings);
    });
    return status;
  },
};

/** Returns the exit status, once it was ended. */
async function serve(
  { options, output }: Call<UiOptions>,
  manager: LockManager,
  settings: ConnectionSettings,
): Promise<number> {
  const { UiServer } = await import('../../ui/ui-server.js');
  const { port, host, allowChanges = false } = options;
  const place = placeText(settings);
  const server = new UiServer({ manager, page: builtPage(), port, host, allowsChanges: allowChanges, place });
  const ended = endedBySignal();
  try {
    const url = await server.listen();
    output.result({ type: 'listening', url }, `listening on ${url}`);
  } catch (error) {
    ended.ignore();
    await server.close();
    return listenFailure(error, output, '--port 0 takes a free port');
  }
  await ended.signal;
  await server.close();
  return ExitStatus.ok;
}

/** What can be listened on, and be in a link: no link can name a zone (`fe80::1%eth0`). */
function hostText(text: string): string {
  const isAddress = isIPv6(text) && !text.includes('%');
  if (isAddress || (/^[\w.-]+$/.test(text) && URL.canParse(`http://${text}/`))) return text;
  throw new InvalidArgumentError(`a host name, or an address without a zone, is expected, not "${text}"`);
}

/** For all who can open the page: of an address only what is no secret. */
function placeText({ url, collection = 'lock', prefix }: ConnectionSettings): string {
  const nodes = url.map((one) => parseAddress(one).shown).join(', ');
  return `${nodes}, collection ${collection}${prefix === undefined ? '' : `, prefix ${prefix}`}`;
}

/** @throws Error in a repository where nothing was built */
function builtPage(): string {
  return readFileSync(path.join(ownPackage()?.folder ?? '.', 'dist/ui/page.html'), 'utf8');
}
