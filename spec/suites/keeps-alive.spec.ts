import { settledWithin } from '../../lib/async/within.js';
import { onEachTransport } from '../support/back-end.js';
import { environmentOf } from '../support/cli.js';
import { Program } from '../support/program.js';
import type { TcpProxy } from '../support/tcp-proxy.js';

onEachTransport('a process is kept alive', (backEnd) => {
  let proxy: TcpProxy;
  beforeEach(async () => {
    proxy = await backEnd.proxy();
  });
  const program = (does: string): Program => {
    return new Program('spec/support/alive-program.ts', [does], environmentOf(backEnd, proxy.url));
  };

  test.each(['lead', 'hold'])('by a lease, as long as that lasts: %s', async (does) => {
    await using running = program(does);
    await running.printed(/begun/);
    // Also while there is no connection.
    await proxy.quiet();
    proxy.cut();
    expect(await backEnd.manager().forceRelease('alive')).toBe(1);
    expect(await running.ended).toBe(0);
    expect(running.lines).toEqual(['begun', 'told']);
  });

  test('by whoever waits for a lock', async () => {
    const lease = await backEnd.manager().acquire('alive');
    await using running = program('wait');
    await running.printed(/begun/);
    await proxy.quiet();
    proxy.cut();
    await lease.release();
    expect(await running.ended).toBe(0);
    expect(running.lines).toEqual(['begun', 'told']);
  });

  test('by a watch', async () => {
    await using running = program('watch');
    await running.printed(/begun/);
    const lease = await backEnd.manager().acquire('alive');
    expect(await running.ended).toBe(0);
    expect(running.lines).toEqual(['begun', 'told']);
    await lease.release();
  });

  test('and not by what is withdrawn behind a caller from a server that takes connections and is silent', async () => {
    proxy.freeze();
    const env = { ...environmentOf(backEnd, proxy.url), REQUEST_TIMEOUT: '1s' };
    await using running = new Program('spec/support/alive-program.ts', ['give-up'], env);
    await running.printed(/given up/);
    expect(await settledWithin(running.ended, 12_000)).toBe(true);
    expect(await running.ended).toBe(0);
  });

  test('and not by a manager that nobody uses any more', async () => {
    await using running = program('idle');
    expect(await running.ended).toBe(0);
    expect(running.lines).toEqual(['begun']);
  });
});
