import { ManualClock } from '../../../lib/testing/manual-clock.js';

describe('the manual clock', () => {
  it('stands still until it is moved', async () => {
    const clock = new ManualClock(1000);
    let rung = 0;
    clock.at(1500, () => (rung += 1));
    expect(clock.now()).toBe(1000);
    await clock.advance(499);
    expect([clock.now(), rung]).toEqual([1499, 0]);
    await clock.advance(1);
    expect([clock.now(), rung]).toEqual([1500, 1]);
  });

  it('runs what is due in the order of time, each at its own time', async () => {
    const clock = new ManualClock(0);
    const seen: [string, number][] = [];
    const note = (name: string) => () => void seen.push([name, clock.now()]);
    clock.at(30, note('late'));
    clock.at(10, note('early'));
    clock.at(10, note('early too'));
    clock.at(20, () => void clock.at(25, note('set by another')));
    await clock.advance(100);
    expect(seen).toEqual([
      ['early', 10],
      ['early too', 10],
      ['set by another', 25],
      ['late', 30],
    ]);
    expect(clock.now()).toBe(100);
  });

  it('lets the work that a callback sets off settle before time moves on', async () => {
    const clock = new ManualClock(0);
    const seen: number[] = [];
    clock.at(10, () => {
      void Promise.resolve()
        .then(() => new Promise((resolve) => setImmediate(resolve)))
        .then(() => clock.at(15, () => void seen.push(clock.now())));
    });
    clock.at(20, () => void seen.push(clock.now()));
    await clock.advance(50);
    expect(seen).toEqual([15, 20]);
  });

  it('does not run what has been cancelled', async () => {
    const clock = new ManualClock(0);
    let rung = 0;
    const cancel = clock.at(10, () => (rung += 1));
    cancel();
    await clock.advance(20);
    expect(rung).toBe(0);
  });

  it('carries out calls that overlap one after the other', async () => {
    const clock = new ManualClock(0);
    await Promise.all([clock.advance(10), clock.advance(20)]);
    expect(clock.now()).toBe(30);
  });

  it('a callback that throws fails the call that ran it and no other', async () => {
    const clock = new ManualClock(0);
    clock.at(5, () => {
      throw new Error('from the callback');
    });
    await expect(clock.advance(10)).rejects.toThrow('from the callback');
    await clock.advance(10);
    expect(clock.now()).toBeGreaterThanOrEqual(15);
  });
});
