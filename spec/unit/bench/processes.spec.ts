import { once } from 'node:events';
import { createServer } from 'node:net';
import { platform } from 'node:os';
import { cpuUsOf, familyOf, pidListeningOn, rssBytesOf } from '../../../bench/servers/processes.js';
import { describeIf } from '../../support/describe-if.js';

/** A tick of /proc, and whatever the process does between two looks at it. */
const TOLERANCE_US = 200_000;

const reason = platform() === 'linux' ? undefined : 'there is no /proc';

describeIf('what the benchmarks read of processes', reason, () => {
  it('CPU time that a process spends is what the process itself is told', () => {
    // Differences, because the process may have had children, which count with it.
    const before = process.cpuUsage();
    const beforeUs = cpuUsOf(process.pid) ?? NaN;
    while (process.cpuUsage(before).user < 50_000) Math.sqrt(before.user);
    const { user, system } = process.cpuUsage(before);
    expect(Math.abs((cpuUsOf(process.pid) ?? NaN) - beforeUs - (user + system))).toBeLessThan(TOLERANCE_US);
  });

  it('memory of a process is what the process itself is told, or nearly', () => {
    const ratio = (rssBytesOf(process.pid) ?? 0) / process.memoryUsage.rss();
    expect(ratio).toBeGreaterThan(0.8);
    expect(ratio).toBeLessThan(1.25);
  });

  it('the process that listens on a port is found by the port', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(pidListeningOn(port)).toBe(process.pid);
    server.close();
    await once(server, 'close');
    expect(pidListeningOn(port)).toBeUndefined();
  });

  it('a family is a process and its children', () => {
    expect(familyOf(process.ppid)).toEqual(expect.arrayContaining([process.ppid, process.pid]));
  });

  it('of a process that is gone nothing is known', () => {
    const nobody = 2 ** 22 + 1;
    expect(cpuUsOf(nobody)).toBeUndefined();
    expect(rssBytesOf(nobody)).toBeUndefined();
  });
});
