import { nextEvent, until } from '../support/until.js';
import { onEachBackEnd } from '../support/back-end.js';

/** What the wall clock has gained on the monotonic one: so a machine that slept looks to a process of its own. */
let sleptMs = 0;
const now = Date.now;

beforeEach(() => {
  sleptMs = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => now() + sleptMs);
});

afterEach(() => {
  jest.restoreAllMocks();
});

onEachBackEnd('a machine that sleeps', (backEnd) => {
  test('beyond the ttl: from the first look on the lease is not held, and it is lost when the server denies it', async () => {
    const [sleeper, other] = [backEnd.manager(), backEnd.manager()];
    const lock = sleeper.get('slept');
    const lease = await lock.acquire({ ttl: '20s' });
    const taken = other.get('slept').acquire({ steal: true });
    // Its own connection tells it at once; the machine is asleep, so that nobody hears.
    await taken;
    sleptMs = 60_000;
    expect(lease.isHeld).toBe(false);
    expect(lease.remaining()).toBe(0);
    expect(lock.isHeld).toBe(false);
    await until(() => lease.signal.aborted);
    expect(lease.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'stolen' });
    expect(await lease.release()).toBe(false);
  });

  test('a step of the wall clock loses nothing that the server still has', async () => {
    const lock = backEnd.manager().get('stepped');
    const lease = await lock.acquire({ ttl: '20s' });
    sleptMs = 3_600_000;
    expect(lease.isHeld).toBe(false);
    await until(() => lease.isHeld);
    expect(lease.signal.aborted).toBe(false);
    expect(lease.remaining()).toBeGreaterThan(10_000);
    expect(await lease.release()).toBe(true);
  });

  test('a step back changes nothing', async () => {
    const lease = await backEnd.manager().get('back').acquire({ ttl: '20s' });
    sleptMs = -3_600_000;
    expect(lease.isHeld).toBe(true);
    expect(await lease.release()).toBe(true);
  });

  test('a section that the machine slept through rejects with LockLostError', async () => {
    const [sleeper, other] = [backEnd.manager(), backEnd.manager()];
    const lock = sleeper.get('section');
    const section = lock.runExclusive(
      async (lease) => {
        const lost = nextEvent(lock, 'lost');
        const stolen = await other.get('section').acquire({ steal: true });
        sleptMs = 60_000;
        expect(lease.isHeld).toBe(false);
        await lost;
        await stolen.release();
      },
      { ttl: '20s' },
    );
    await expect(section).rejects.toMatchObject({ code: 'LOCK_LOST' });
  });
});
