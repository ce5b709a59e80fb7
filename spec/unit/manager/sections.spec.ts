import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { HeldLease } from '../../../lib/manager/held-lease.js';
import { insideOf, leasesAround, outside } from '../../../lib/manager/sections.js';

const CORE = {};

/** As far as a section needs to know it. */
function lease(name: string, isHolding = true): HeldLease {
  return { name, isHolding } as unknown as HeldLease;
}

const namesAround = (): string[] => leasesAround(CORE).map(({ name }) => name);

/** Collects what nothing refers to; the promises of the moment are done by then. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
}

it('code is inside of the sections around it, the innermost first, as long as they last', async () => {
  await insideOf(CORE, lease('outer'), async () => {
    await insideOf(CORE, lease('inner'), () => expect(namesAround()).toEqual(['inner', 'outer']));
    expect(namesAround()).toEqual(['outer']);
  });
  expect(namesAround()).toEqual([]);
});

it('a section of another manager, or of a lease that is over, is none', async () => {
  await insideOf({}, lease('theirs'), () =>
    insideOf(CORE, lease('over', false), () => expect(namesAround()).toEqual([])),
  );
});

it('work that was started in a section that has ended is inside of what is still around it', async () => {
  await insideOf(CORE, lease('outer'), async () => {
    let started: Promise<string[]> = Promise.resolve([]);
    await insideOf(CORE, lease('inner'), () => {
      started = new Promise((resolve) => setImmediate(() => resolve(namesAround())));
    });
    expect(await started).toEqual(['outer']);
  });
});

it('outside(fn) is outside of all of them, and so is what it starts', async () => {
  await insideOf(CORE, lease('outer'), async () => {
    const started = outside(() => new Promise((resolve) => setImmediate(() => resolve(namesAround()))));
    expect(outside(namesAround)).toEqual([]);
    expect(await started).toEqual([]);
    expect(namesAround()).toEqual(['outer']);
  });
});

it('a section that has ended keeps nothing reachable, however many follow one out of the other', async () => {
  const leases: WeakRef<HeldLease>[] = [];
  await new Promise<void>((resolve) => {
    const next = (round: number): void => {
      const one = lease(`round ${round}`);
      leases.push(new WeakRef(one));
      // The next round is started by a timer that this section has made: it runs in its context.
      void insideOf(CORE, one, () => {
        setImmediate(() => (round < 100 ? next(round + 1) : resolve()));
      });
    };
    next(1);
  });
  await collectGarbage();
  expect(leases.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(5);
});

it('nor do sections each of which begins inside of the one before', async () => {
  const leases: WeakRef<HeldLease>[] = [];
  const hand = async (round: number): Promise<void> => {
    const one = lease(`round ${round}`);
    leases.push(new WeakRef(one));
    let next: Promise<void> = Promise.resolve();
    await insideOf(CORE, one, async () => {
      await Promise.resolve();
      // Over before it: hand over hand.
      next = new Promise((resolve) => setImmediate(() => resolve(round < 100 ? hand(round + 1) : undefined)));
    });
    return next;
  };
  await hand(1);
  await collectGarbage();
  expect(leases.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(5);
});
