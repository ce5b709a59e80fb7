import { Option } from 'commander';
import type { CliCommand } from '../cli-command.js';
import {
  connectionOptions,
  placeSettings,
  type ConnectionValues,
  type PlaceSettings,
} from '../connection-options.js';
import { ExitStatus, okStatus, serverStatuses } from '../exit-status.js';
import { quoted } from '../printable.js';

interface SetupOptions extends ConnectionValues {
  readonly print?: boolean;
}

const DEFAULT_COLLECTION = 'lock';

/** `thingsdb-lock setup`: makes the collection and installs the procedures, or shows what would be installed. */
export const setup: CliCommand<SetupOptions> = {
  name: 'setup',
  arguments: [],
  summary: 'makes the collection and installs the procedures that locks need',
  description:
    'Makes the collection if it is absent, and installs the procedures, or brings them to this version; locks that are ' +
    'held stay held. Services do this by themselves at first use, if they have the rights. With --print it connects to ' +
    'nothing, and prints the query that an administrator can run in the collection instead.',
  options: [new Option('--print', 'prints what it would install'), ...connectionOptions()],
  statuses: [okStatus('it is set up, or printed'), ...serverStatuses],

  async act({ options, connection, output, env }) {
    const { SCHEMA } = await import('../../schema/constants.js');
    if (options.print === true) {
      const code = await codeFor(placeSettings(options, env));
      output.result({ type: 'setup-code', schema: SCHEMA, code }, code);
      return ExitStatus.ok;
    }
    const { LockManager } = await import('../../index.js');
    const settings = connection();
    await using manager = new LockManager(settings);
    await manager.setup();
    const { collection = DEFAULT_COLLECTION } = settings;
    output.result(
      { type: 'setup', collection, schema: SCHEMA },
      `collection ${quoted(collection)} is set up, with lock schema ${SCHEMA}`,
    );
    return ExitStatus.ok;
  },
};

/** Checked as a manager would. Nothing is connected to, so it does not matter where. */
async function codeFor(place: PlaceSettings): Promise<string> {
  const { resolveManagerOptions } = await import('../../options/resolved-manager-options.js');
  const { installCode } = await import('../../schema/install-code.js');
  const nowhere = { url: 'thingsdb://localhost', auth: { token: 'none' } };
  return installCode(resolveManagerOptions({ ...nowhere, ...place }).prefix).trim();
}
