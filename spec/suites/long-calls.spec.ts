/**
 * No call keeps the server for long: what it has no time for is answered so, and is asked for again. The server of this
 * suite ages by a millisecond whenever its clock is read. So every operation that takes a look takes long.
 */
import { LockManager } from '../../lib/index.js';
import { Told } from '../../lib/schema/constants.js';
import { type Clock, startThingsDB } from '../../lib/testing/index.js';
import { systemClock } from '../../lib/testing/system-clock.js';
import { HostileClient } from '../hostile/hostile-client.js';
import { isUndecided, many, type Occupant, Occupants, type Wish } from '../hostile/occupants.js';
import type { Sent } from '../hostile/wire.js';

function ageingClock(byMs = 1): Clock {
  let agedMs = 0;
  return {
    now: () => systemClock.now() + (agedMs += byMs),
    at: (atMs, callback) => systemClock.at(atMs, callback),
  };
}
/** Longer than the slow operations of one call may take. */
const STALL_MS = 50;

/** Whoever may do everything, as on a fresh node. */
const auth = { username: 'admin', password: 'pass' };
const COUNT = 200;

async function answersTo(occupants: Occupants, operations: readonly Sent[]): Promise<Sent[][]> {
  const [, , answers] = (await occupants.run('lock_batch', occupants.call(operations))) as [
    Sent,
    Sent,
    Sent[][],
  ];
  return answers;
}

it('a call answers what it has no time for as not decided, and has not changed anything by that', async () => {
  await using db = await startThingsDB({ clock: ageingClock() });
  await using manager = new LockManager({ url: db.url, auth });
  await manager.setup();
  const { hostname: host, port } = new URL(db.url);
  const client = await HostileClient.connect({ host, port: Number(port) }, auth);
  const occupants = new Occupants(client, '//lock');
  let left = occupants.operations(many(COUNT, () => ({ names: ['crowded'], isShared: true })));
  let calls = 0;
  while (left.length > 0) {
    const answers = await answersTo(occupants, left);
    const undecided = answers.map(isUndecided);
    const decided = undecided.indexOf(true) < 0 ? left.length : undecided.indexOf(true);
    expect(decided).toBeGreaterThan(0);
    expect(undecided).toEqual(left.map((_, i) => i >= decided));
    expect(answers.slice(0, decided).map(([told]) => Number(told))).toEqual(Array(decided).fill(Told.held));
    left = left.slice(decided);
    expect((await manager.query('crowded')).held).toHaveLength(COUNT - left.length);
    calls++;
  }
  expect(calls).toBeGreaterThan(2);
  await client.close();
});

it('the first operation of a call is always decided, however long the server stands still meanwhile', async () => {
  await using db = await startThingsDB({ clock: ageingClock(STALL_MS) });
  await using manager = new LockManager({ url: db.url, auth });
  await manager.setup();
  const { hostname: host, port } = new URL(db.url);
  const client = await HostileClient.connect({ host, port: Number(port) }, auth);
  const occupants = new Occupants(client, '//lock');
  const names = ['one', 'other'];
  const [held] = await occupants.take([{ names }]);
  const [first, second] = await occupants.take([{ names }, { names }]);
  const told = async (operation: Sent): Promise<number> => {
    const [[word] = []] = await answersTo(occupants, [operation]);
    return Number(word);
  };
  const tried = occupants.operation({ names: ['free', 'free too'] }, 'try')[0];
  const mine = ({ id, name }: Occupant = { id: '', name: '' }): Sent[] => [name, id];
  expect([
    await told(tried),
    await told(['withdraw', ...mine(second)]),
    await told(['release', ...mine(first)]),
    await told(['extend', ...mine(held), 1_000_000n]),
    await told(['transfer', ...mine(held), 1_000_000n]),
    await told(['keep', ...mine(held), 1n]),
  ]).toEqual([Told.held, Told.ended, Told.ended, Told.held, Told.held, Told.ended]);
  await client.close();
});

it('a manager asks again for the rest, and everybody has what was asked for', async () => {
  await using db = await startThingsDB({ clock: ageingClock() });
  await using manager = new LockManager({ url: db.url, auth, defaults: { ttl: '1h' } });
  const asked = Array.from({ length: COUNT }, () => manager.acquire('crowded', { mode: 'shared' }));
  const leases = await Promise.all(asked);
  expect(leases.every(({ isHeld }) => isHeld)).toBe(true);
  expect(new Set(leases.map(({ fencingToken }) => fencingToken)).size).toBe(COUNT);
  expect(await Promise.all(leases.map((lease) => lease.release()))).toEqual(Array(COUNT).fill(true));
});

it('tries ask whoever may keep a name for it once a call, and no longer than a call may take', async () => {
  await using db = await startThingsDB({ clock: ageingClock() });
  await using manager = new LockManager({ url: db.url, auth });
  await manager.setup();
  const { hostname: host, port } = new URL(db.url);
  const client = await HostileClient.connect({ host, port: Number(port) }, auth);
  const [holders, others] = [new Occupants(client, '//lock'), new Occupants(client, '//lock')];
  const kept = many(COUNT, (i) => ({ names: [`kept ${i}`], lingers: true }));
  const first = holders.operations(kept.slice(0, 1));
  const [, room] = (await holders.run('lock_batch', holders.call(first))) as Sent[];
  expect(await client.join('//lock', [BigInt(Number(room))])).toMatchObject({ errorCode: undefined });
  await holders.take(kept.slice(1));
  const toldBy = async (tries: readonly Wish[]): Promise<number> => {
    client.takePushed();
    await others.run('lock_batch', others.call(others.operations(tries, 'try')));
    // Whatever was told was told before this.
    await client.query('//lock', 'nil;');
    return client.takePushed().filter((bytes) => bytes.includes('wanted')).length;
  };
  expect(await toldBy(many(20, () => ({ names: ['kept 0'] })))).toBe(1);
  const told = await toldBy(many(COUNT, (i) => ({ names: [`kept ${i}`] })));
  expect(told).toBeGreaterThan(0);
  expect(told).toBeLessThan(COUNT / 4);
  await client.close();
});
