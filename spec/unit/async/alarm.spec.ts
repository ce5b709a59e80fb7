import { MessageChannel } from 'node:worker_threads';
import { Alarm } from '../../../lib/async/alarm.js';
import { block } from '../../support/block.js';

const LONGEST_TIMER_MS = 2 ** 31 - 1;
const DAY_MS = 86_400_000;

describe('Alarm', () => {
  let rungMs: number[];
  const ring = (): void => void rungMs.push(performance.now());

  beforeEach(() => {
    // What is read before it rings is read at once here.
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    jest
      .spyOn(globalThis, 'setImmediate')
      .mockImplementation(((callback: () => void) => callback()) as never);
    rungMs = [];
  });

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it.each([0.001, 0.4, 1, 1.5, 99.999, 5000.1])('rings once, never early: %p ms from now', (delayMs) => {
    const atMs = performance.now() + delayMs;
    new Alarm().set(atMs, ring);
    jest.advanceTimersByTime(Math.ceil(delayMs) - 1);
    expect(rungMs).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(rungMs).toHaveLength(1);
    expect(rungMs[0]).toBeGreaterThanOrEqual(atMs);
    jest.advanceTimersByTime(10_000);
    expect(rungMs).toHaveLength(1);
  });

  it.each([LONGEST_TIMER_MS, LONGEST_TIMER_MS + 1, 60 * DAY_MS + 0.5])(
    'reaches as far as it is told to: %p ms',
    (delayMs) => {
      const atMs = performance.now() + delayMs;
      new Alarm().set(atMs, ring);
      jest.advanceTimersByTime(Math.ceil(delayMs) - 1);
      expect(rungMs).toEqual([]);
      jest.advanceTimersByTime(1);
      expect(rungMs).toHaveLength(1);
    },
  );

  it('rings soon, but not at once, for a point in the past', () => {
    new Alarm().set(performance.now() - 1000, ring);
    expect(rungMs).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(rungMs).toHaveLength(1);
  });

  it('never rings at Infinity, and keeps no timer for it', () => {
    new Alarm().set(Infinity, ring);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('has one timer at a time: a new point replaces the one before, Infinity too', () => {
    const alarm = new Alarm();
    alarm.set(performance.now() + 100, () => rungMs.push(-1));
    alarm.set(performance.now() + 200, ring);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(200);
    expect(rungMs).toEqual([performance.now()]);
    alarm.set(performance.now() + 100, ring);
    alarm.set(Infinity, ring);
    jest.advanceTimersByTime(1000);
    expect(rungMs).toHaveLength(1);
  });

  it('can be set again from its own callback', () => {
    const alarm = new Alarm();
    alarm.set(performance.now() + 10, () => {
      ring();
      alarm.set(performance.now() + 10, ring);
    });
    jest.advanceTimersByTime(20);
    expect(rungMs).toHaveLength(2);
  });

  it.each([100, LONGEST_TIMER_MS * 2])('never rings once it was cleared (%p ms)', (delayMs) => {
    const alarm = new Alarm();
    alarm.set(performance.now() + delayMs, ring);
    alarm.clear();
    alarm.clear();
    jest.advanceTimersByTime(delayMs + 1);
    expect(rungMs).toEqual([]);
  });

  it('does not keep the process alive, however far away', () => {
    const unref = jest.fn();
    const setTimer = jest.spyOn(globalThis, 'setTimeout').mockImplementation((() => ({ unref })) as never);
    new Alarm().set(performance.now() + 100, ring);
    new Alarm().set(performance.now() + 100 * DAY_MS, ring);
    expect(setTimer).toHaveBeenCalledTimes(2);
    expect(unref).toHaveBeenCalledTimes(2);
    setTimer.mockRestore();
  });
});

describe('an alarm that is due while the event loop is blocked', () => {
  /** A message that comes in at once, and can be read from then on. */
  function unread(onRead: () => void): () => void {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', onRead);
    port2.postMessage('');
    return () => port1.close();
  }

  it('rings after what had come in was read', async () => {
    const order: string[] = [];
    const close = unread(() => order.push('read'));
    const dueMs = performance.now() + 10;
    const readMs = await new Promise<number>((resolve) => {
      new Alarm().set(dueMs, (ms) => {
        order.push('rung');
        resolve(ms);
      });
      block(30);
    });
    close();
    expect(order).toEqual(['read', 'rung']);
    expect(readMs).toBeGreaterThanOrEqual(dueMs + 20);
  });

  it.each(['cleared', 'set anew'])('does not ring if it is %s by what is read', async (how) => {
    const alarm = new Alarm();
    const ring = jest.fn();
    await new Promise<void>((resolve) => {
      const close = unread(() => {
        if (how === 'cleared') alarm.clear();
        else alarm.set(performance.now() + DAY_MS, ring);
        close();
        // After whatever was about to ring.
        setImmediate(() => setImmediate(resolve));
      });
      alarm.set(performance.now() + 1, ring);
      block(10);
    });
    alarm.clear();
    expect(ring).not.toHaveBeenCalled();
  });
});
