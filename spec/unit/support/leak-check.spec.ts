import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { LeakCheck } from '../../support/leak-check.js';

describe('what a test leaves behind is found', () => {
  it('a server, both ends of a connection, and a timer', async () => {
    const leaks = new LeakCheck(undefined);
    await leaks.begin();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [accepted] = (await once(server, 'connection')) as [ReturnType<typeof connect>];
    // More than Jest may have ended of its own meanwhile.
    const timers = Array.from({ length: 5 }, () => setTimeout(() => undefined, 60_000));
    await expect(leaks.end(false)).rejects.toThrow(/2 TCPSocketWrap, 1 TCPServerWrap, \d Timeout/);
    for (const timer of timers) clearTimeout(timer);
    client.destroy();
    accepted.destroy();
    server.close();
    await leaks.end(false);
  });

  it('a request in the collection that was not there before, unless nobody could end it', async () => {
    const stored = ['earlier'];
    const leaks = new LeakCheck(() => Promise.resolve([...stored]));
    await leaks.begin();
    await leaks.end(false);
    stored.push('new');
    await expect(leaks.end(false)).rejects.toThrow('1 requests in the collection');
    await leaks.end(true);
  });
});
