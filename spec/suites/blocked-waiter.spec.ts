import { setTimeout as pause } from 'node:timers/promises';
import type { LockManager } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { Program } from '../support/program.js';

onEachBackEnd('a waiter that blocks its event loop again and again', (backEnd) => {
  test('has its turn although two others take the lock all the time, and they go on', async () => {
    const { username, password, token } = {
      ...{ username: undefined, password: undefined, token: undefined },
      ...backEnd.auth,
    };
    const managers = [backEnd.manager(), backEnd.manager()];
    let isOver = false;
    let turns = 0;
    const take = async (manager: LockManager): Promise<void> => {
      while (!isOver) {
        await manager.get('wanted').runExclusive(() => pause(5));
        turns++;
      }
    };
    const first = await managers[0]?.acquire('wanted');
    await using blocking = new Program('spec/support/blocking-program.ts', [], {
      THINGSDB_URL: backEnd.urls.join(','),
      THINGSDB_COLLECTION: backEnd.collection,
      THINGSDB_USER: username,
      THINGSDB_PASSWORD: password,
      THINGSDB_TOKEN: token,
    });
    await blocking.printed(/begun/);
    const others = managers.map(take);
    await first?.release();
    await blocking.printed(/granted/);
    expect(turns).toBeGreaterThan(10);
    isOver = true;
    await Promise.all(others);
    expect(await blocking.ended).toBe(0);
  });
});
