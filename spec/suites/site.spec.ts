import { join } from 'node:path';
import { REPOSITORY, runNode } from '../support/run-node.js';

it('the site has every public symbol, documented, and no link that leads nowhere', async () => {
  const typedoc = join(REPOSITORY, 'node_modules/typedoc/bin/typedoc');
  // It looks for everything that is wrong, and writes nothing.
  const { status, output } = await runNode([typedoc, '--emit', 'none', '--logLevel', 'Warn']);
  expect({ status, output }).toEqual({ status: 0, output: '' });
});
