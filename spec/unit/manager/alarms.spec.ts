import fc from 'fast-check';
import { Alarms, type Sleeper } from '../../../lib/manager/alarms.js';

/** One timer on a clock that the spec moves. */
class Bench {
  ms = 0;
  set: { atMs: number; callback: (readMs: number) => void } | undefined;
  /** How often the timer was set. */
  times = 0;
  readonly rung: string[] = [];
  readonly alarms = new Alarms({
    set: (atMs, callback) => {
      this.times++;
      this.set = { atMs, callback };
    },
    clear: () => (this.set = undefined),
  });

  sleeper(name: string): Sleeper {
    return { wakeAtMs: Infinity, place: -1, wake: () => this.rung.push(`${name} at ${this.ms}`) };
  }

  moveTo(ms: number): void {
    while (this.set !== undefined && this.set.atMs <= ms) {
      const { atMs, callback } = this.set;
      this.set = undefined;
      this.ms = Math.max(this.ms, atMs);
      callback(this.ms);
    }
    this.ms = ms;
  }
}

it('each rings once, when it is due, the earliest first', () => {
  const bench = new Bench();
  bench.alarms.set(bench.sleeper('b'), 20);
  bench.alarms.set(bench.sleeper('a'), 10);
  bench.moveTo(100);
  expect(bench.rung).toEqual(['a at 10', 'b at 20']);
});

it('one can be moved, and taken away', () => {
  const bench = new Bench();
  const [a, b] = [bench.sleeper('a'), bench.sleeper('b')];
  bench.alarms.set(a, 10);
  bench.alarms.set(b, 20);
  bench.alarms.set(a, 30);
  bench.alarms.set(b, Infinity);
  bench.moveTo(100);
  expect(bench.rung).toEqual(['a at 30']);
});

it('one that is set to now when it rings does not hold up the others for ever', () => {
  const bench = new Bench();
  const again: Sleeper = {
    wakeAtMs: Infinity,
    place: -1,
    wake: () => {
      bench.rung.push('again');
      if (bench.rung.length < 3) bench.alarms.set(again, bench.ms);
    },
  };
  bench.alarms.set(again, 10);
  bench.alarms.set(bench.sleeper('other'), 10);
  bench.moveTo(10);
  expect(bench.rung).toEqual(['again', 'other at 10', 'again']);
});

it('what has become due since everything was read rings the next time', () => {
  const bench = new Bench();
  const early = bench.sleeper('early');
  bench.alarms.set(early, 10);
  const { callback } = bench.set as { callback: (readMs: number) => void };
  // The event loop was blocked between the timer and its callback: what has come in since is unread.
  bench.set = undefined;
  bench.ms = 500;
  bench.alarms.set(bench.sleeper('late'), 400);
  bench.set = undefined;
  callback(10);
  expect(bench.rung).toEqual(['early at 500']);
  bench.moveTo(500);
  expect(bench.rung).toEqual(['early at 500', 'late at 500']);
});

it('costs no timer for what comes and goes behind an earlier one', () => {
  const bench = new Bench();
  bench.alarms.set(bench.sleeper('first'), 10);
  for (let i = 0; i < 100; i++) {
    const lease = bench.sleeper('lease');
    bench.alarms.set(lease, 1000 + i);
    bench.alarms.set(lease, Infinity);
  }
  expect(bench.times).toBe(1);
});

it('none rings once it is all over', () => {
  const bench = new Bench();
  bench.alarms.set(bench.sleeper('a'), 10);
  bench.alarms.clear();
  bench.moveTo(100);
  expect(bench.rung).toEqual([]);
});

it('keeps the order of time, whatever is set and moved', () => {
  const order = fc.record({ who: fc.nat(9), atMs: fc.option(fc.nat(100), { nil: Infinity }) });
  fc.assert(
    fc.property(fc.array(order, { maxLength: 60 }), (orders) => {
      const bench = new Bench();
      const sleepers = Array.from({ length: 10 }, (_, i) => bench.sleeper(`${i}`));
      for (const { who, atMs } of orders) bench.alarms.set(sleepers[who] as Sleeper, atMs);
      const due = sleepers.filter(({ wakeAtMs }) => wakeAtMs < Infinity).map(({ wakeAtMs }) => wakeAtMs);
      bench.moveTo(200);
      const times = bench.rung.map((line) => Number(line.split(' at ')[1]));
      expect(times).toEqual(due.sort((a, b) => a - b));
    }),
  );
});
