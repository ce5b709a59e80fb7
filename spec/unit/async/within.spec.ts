import { MessageChannel } from 'node:worker_threads';
import { settledWithin, within } from '../../../lib/async/within.js';
import { block } from '../../support/block.js';
import { rejection } from '../../support/until.js';

const never = new Promise<never>(() => undefined);
const late = (): Error => new Error('late');

// A fake `setImmediate` comes a millisecond after the timer that asks for it.
beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('within', () => {
  it('settles as the promise does, and leaves no timer', async () => {
    expect(await within(Promise.resolve(7), 1_000, late)).toBe(7);
    expect(await rejection(within(Promise.reject(new Error('no')), 1_000, late))).toMatchObject({
      message: 'no',
    });
  });

  it('rejects when that takes too long', async () => {
    const failure = rejection(within(never, 1_000, late));
    await jest.advanceTimersByTimeAsync(1_001);
    expect(await failure).toMatchObject({ message: 'late' });
  });

  it('takes more than a timer can run as that, and less than nothing as nothing', async () => {
    const [infinite, negative] = [
      rejection(within(never, Infinity, late)),
      rejection(within(never, -5, late)),
    ];
    await jest.advanceTimersByTimeAsync(2);
    expect(await negative).toMatchObject({ message: 'late' });
    await jest.advanceTimersByTimeAsync(2 ** 31);
    expect(await infinite).toMatchObject({ message: 'late' });
  });
});

it('settledWithin tells whether the promise settled, one way or the other', async () => {
  expect(await settledWithin(Promise.resolve(), 1_000)).toBe(true);
  expect(await settledWithin(Promise.reject(new Error('no')), 1_000)).toBe(true);
  const isSettled = settledWithin(never, 1_000);
  await jest.advanceTimersByTimeAsync(1_001);
  expect(await isSettled).toBe(false);
});

it('what has come in within the limit counts, also if the event loop was blocked meanwhile', async () => {
  jest.useRealTimers();
  const { port1, port2 } = new MessageChannel();
  const heard = new Promise((resolve) => port1.once('message', resolve));
  port2.postMessage('here');
  const answer = within(heard, 10, late);
  block(30);
  expect(await answer).toBe('here');
  port1.close();
  jest.useFakeTimers();
});
