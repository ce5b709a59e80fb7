import { Nodes } from '../../../lib/connection/nodes.js';
import { LockConnectionError } from '../../../lib/errors.js';
import { stubClient } from '../../support/stub-client.js';

describe('a client function of the caller’s', () => {
  const make = jest.fn(() => Promise.resolve(stubClient({ disconnect: () => Promise.resolve() })));
  const nodes = new Nodes({ client: make, requestTimeout: 1_000 });
  afterEach(() => make.mockClear());

  it('is called once for a try', async () => {
    const attempt = nodes.open(0);
    expect(await attempt.ready).toMatchObject({ index: 0 });
    attempt.cancel();
    expect(make).toHaveBeenCalledTimes(1);
  });

  it('is not called for a try that was given up before', async () => {
    const attempt = nodes.open(0);
    attempt.cancel();
    await expect(attempt.ready).rejects.toEqual(new LockConnectionError('this try to connect is over'));
    expect(make).not.toHaveBeenCalled();
  });
});
