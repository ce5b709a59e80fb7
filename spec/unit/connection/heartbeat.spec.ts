import { Heartbeat } from '../../../lib/connection/heartbeat.js';
import { pass, resumeTime, stopTime } from '../../support/fake-time.js';

/** The times, counted from the start of the spec, at which each thing happened. */
let pings: number[];
let silences: number[];
let deaths: number[];
let stuck: number[];
let bytesRead: number | undefined;
/** When calls were sent that have no answer yet, oldest first. */
let calls: number[];
let heartbeat: Heartbeat;
let startMs: number;

const now = (): number => Math.round(performance.now() - startMs);

beforeEach(() => {
  stopTime();
  startMs = performance.now();
  [pings, silences, deaths, stuck, calls] = [[], [], [], [], []];
  bytesRead = undefined;
  heartbeat = new Heartbeat({
    ping: () => pings.push(now()),
    bytesRead: () => bytesRead,
    oldestCallMs: () => calls[0],
    onSilent: () => silences.push(now()),
    onStuck: () => stuck.push(now()),
    onDead: () => deaths.push(now()),
  });
});

afterEach(() => {
  heartbeat.stop();
  resumeTime();
});

function call(): void {
  calls.push(performance.now());
  if (calls.length === 1) heartbeat.callsBegan();
}

/** The call that waits longest, or the last, has its answer. */
function answer(which: 'oldest' | 'newest' = 'oldest'): void {
  if (which === 'oldest') calls.shift();
  else calls.pop();
  heartbeat.heard();
}

/** Time passes, and something comes in each `everyMs`. */
async function traffic(ms: number, everyMs: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += everyMs) {
    heartbeat.heard();
    await pass(everyMs);
  }
}

describe('a connection that is watched', () => {
  it('is not pinged while there is traffic', async () => {
    heartbeat.watch(5_000);
    await traffic(30_000, 1_000);
    expect(pings).toEqual([]);
  });

  it('is pinged after half of the window without any, and again when that was answered', async () => {
    heartbeat.watch(5_000);
    await pass(2_499);
    expect(pings).toEqual([]);
    await pass(1);
    heartbeat.answered(1);
    await pass(10_000 - 2_500);
    expect(pings).toEqual([2_500, 5_000]);
  });

  it.each([
    [5_000, 2_500, 3_000, 5_000],
    [2_000, 1_000, 1_500, 2_000],
    [1_000, 500, 750, 1_000],
    [500, 250, 375, 500],
  ])('of %i ms is pinged, told silent, and told dead in time', async (windowMs, pinged, silent, dead) => {
    heartbeat.watch(windowMs);
    await pass(10_000);
    expect([pings, silences, deaths]).toEqual([[pinged], [silent], [dead]]);
  });

  it('of less than a quarter of a second is watched as if it were that', async () => {
    heartbeat.watch(10);
    await pass(1_000);
    expect([pings, silences, deaths]).toEqual([[125], [188], [325]]);
  });

  it('is pinged no more often than each quarter of a second', async () => {
    heartbeat.watch(250);
    for (let passed = 0; passed < 2_000; passed++) {
      await pass(1);
      if (pings.at(-1) === now()) heartbeat.answered(1);
    }
    expect(pings.length).toBeGreaterThan(6);
    expect(Math.min(...pings.slice(1).map((ms, i) => ms - (pings[i] as number)))).toBeGreaterThanOrEqual(250);
  });

  it('that answers after it was told silent lives, and can be told silent again', async () => {
    heartbeat.watch(2_000);
    await pass(1_600);
    expect(heartbeat.isSilent).toBe(true);
    heartbeat.answered(600);
    expect(heartbeat.isSilent).toBe(false);
    await pass(2_400);
    expect(deaths).toEqual([]);
    expect(silences).toHaveLength(2);
  });

  /** Bytes come in, and no answer. */
  async function bytes(ms: number, everyMs: number, then: () => void): Promise<void> {
    for (let passed = 0; passed < ms; passed += everyMs) {
      bytesRead = (bytesRead ?? 0) + 1_000;
      then();
      await pass(everyMs);
    }
  }

  it('has half a window more while part of an answer comes in', async () => {
    bytesRead = 0;
    heartbeat.watch(1_000);
    await bytes(1_400, 100, () => undefined);
    expect([pings, silences, deaths]).toEqual([[500], [], []]);
    heartbeat.answered(1);
    await bytes(1_400, 100, () => undefined);
    expect(deaths).toEqual([]);
    await bytes(1_000, 100, () => undefined);
    expect(deaths).toEqual([2_900]);
  });

  it('is told silent anew when what came in stops in its middle', async () => {
    bytesRead = 0;
    heartbeat.watch(2_000);
    await pass(1_600);
    expect(heartbeat.isSilent).toBe(true);
    await bytes(100, 100, () => undefined);
    expect(heartbeat.isSilent).toBe(false);
    await pass(900);
    expect([silences.length, heartbeat.isSilent, deaths]).toEqual([2, true, []]);
    await pass(100);
    expect(deaths).toHaveLength(1);
  });

  it('is not held to be alive for messages that nobody asked for', async () => {
    bytesRead = 0;
    heartbeat.watch(1_000);
    await bytes(2_000, 100, () => heartbeat.pushed());
    expect([pings, silences, deaths]).toEqual([[500], [750], [1_000]]);
  });

  it('to a server that is far away has three round trips for its answer', async () => {
    heartbeat.answered(400);
    heartbeat.watch(600);
    await pass(5_000);
    expect([pings, silences, deaths]).toEqual([[300], [1_100], [1_500]]);
  });

  it('is not held to be far away for one slow answer', async () => {
    heartbeat.answered(1);
    heartbeat.answered(4_000);
    heartbeat.watch(600);
    await pass(5_000);
    expect(deaths).toEqual([600]);
  });

  it('is found dead sooner from when the window gets shorter', async () => {
    heartbeat.watch(60_000);
    await pass(1_000);
    heartbeat.watch(2_000);
    await pass(3_000);
    expect([pings, deaths]).toEqual([[1_000], [2_000]]);
  });
});

describe('a call without an answer', () => {
  it('is a reason to ping after a quarter of a second, and to look elsewhere after half a second more', async () => {
    heartbeat.watch(undefined);
    await pass(60_000);
    heartbeat.watch(5_000);
    call();
    await pass(1_000);
    expect([pings, silences]).toEqual([[60_250], [60_750]]);
  });

  it('is none while other answers come in', async () => {
    heartbeat.watch(5_000);
    call();
    await traffic(5_000, 200);
    expect(pings).toEqual([]);
  });

  it('that is answered leaves nothing to ping for', async () => {
    heartbeat.watch(5_000);
    call();
    await pass(100);
    answer();
    await pass(2_000);
    expect(pings).toEqual([]);
  });
});

describe('a server that answers pings and leaves a call unanswered', () => {
  /** How long each answer to a ping is said to take. */
  let pongMs: number;

  beforeEach(() => {
    pongMs = 1;
    heartbeat = new Heartbeat({
      ping: () => {
        pings.push(now());
        heartbeat.answered(pongMs);
      },
      bytesRead: () => undefined,
      oldestCallMs: () => calls[0],
      onSilent: () => silences.push(now()),
      onStuck: () => stuck.push(now()),
      onDead: () => deaths.push(now()),
    });
  });

  it('is told stuck, once, when the patience for calls is over', async () => {
    heartbeat.watch(5_000, 2_000);
    call();
    await pass(10_000);
    expect(stuck).toEqual([2_000]);
    expect([silences, deaths]).toEqual([[], []]);
    expect(heartbeat.isStuck).toBe(true);
    answer();
    expect(heartbeat.isStuck).toBe(false);
  });

  it('has longer for calls when its pings take long too: it has too much to do', async () => {
    pongMs = 300;
    heartbeat.watch(5_000, 2_000);
    call();
    await pass(10_000);
    expect(stuck).toEqual([3_000]);
  });

  it('is told stuck although other calls are answered', async () => {
    heartbeat.watch(5_000, 2_000);
    call();
    for (let tenths = 0; tenths < 25; tenths++) {
      call();
      await pass(100);
      answer('newest');
    }
    expect(stuck).toHaveLength(1);
    expect(stuck[0]).toBeGreaterThanOrEqual(2_000);
    expect(stuck[0]).toBeLessThanOrEqual(2_250);
    // Later calls are no reason to stay.
    call();
    expect(heartbeat.isStuck).toBe(true);
  });

  it('is not while each call is answered in time', async () => {
    heartbeat.watch(5_000, 2_000);
    call();
    for (let seconds = 0; seconds < 10; seconds++) {
      await pass(1_000);
      call();
      answer();
    }
    expect(stuck).toEqual([]);
    await pass(2_000);
    expect(stuck).toEqual([12_000]);
  });

  it('is not when the call is answered, or another begins later', async () => {
    heartbeat.watch(5_000, 2_000);
    call();
    await pass(1_500);
    answer();
    await pass(1_000);
    call();
    await pass(1_900);
    expect(stuck).toEqual([]);
  });
});

it('a connection that nobody needs is not pinged', async () => {
  heartbeat.watch(1_000);
  heartbeat.watch(undefined);
  await pass(60_000);
  expect(pings).toEqual([]);
});

it('a process that was held up reads what is there before it gives a connection up', async () => {
  heartbeat.watch(1_000);
  await pass(600);
  expect(pings).toEqual([500]);
  // The timer is due now, and the answer is in the socket: it is read between the timer and the judgement.
  const judged = pass(400);
  setImmediate(() => heartbeat.answered(100));
  await judged;
  expect(deaths).toEqual([]);
});
