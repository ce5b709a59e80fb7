import { setTimeout as pause } from 'node:timers/promises';
import type { LockManager } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { environmentOf } from '../support/cli.js';
import { Program } from '../support/program.js';

onEachBackEnd('a waiter that blocks its event loop again and again', (backEnd) => {
  test('has its turn although two others take the lock all the time, and they go on', async () => {
    const managers = [backEnd.manager(), backEnd.manager()];
    let isOver = false;
    let turns = 0;
    backEnd.atEnd(() => Promise.resolve((isOver = true)));
    const take = async (manager: LockManager): Promise<void> => {
      while (!isOver) {
        await manager.get('alive').runExclusive(() => pause(5));
        turns++;
      }
    };
    const first = await managers[0]?.acquire('alive');
    await using blocking = new Program('spec/support/alive-program.ts', ['block'], environmentOf(backEnd));
    await blocking.printed(/begun/);
    const others = managers.map(take);
    await first?.release();
    await blocking.printed(/told/);
    expect(turns).toBeGreaterThan(10);
    isOver = true;
    await Promise.all(others);
    expect(await blocking.ended).toBe(0);
  });
});
