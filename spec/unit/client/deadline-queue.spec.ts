import { DeadlineQueue } from '../../../lib/client/deadline-queue.js';

describe('DeadlineQueue', () => {
  let due: string[];
  let queue: DeadlineQueue<string>;

  beforeEach(() => {
    jest.useFakeTimers();
    due = [];
    queue = new DeadlineQueue(1000, (item) => due.push(item));
  });

  afterEach(() => {
    queue.drain();
    jest.useRealTimers();
  });

  it('calls each item when its own limit has passed, not before', () => {
    queue.add('first');
    jest.advanceTimersByTime(600);
    queue.add('second');
    jest.advanceTimersByTime(398);
    expect(due).toEqual([]);
    jest.advanceTimersByTime(5);
    expect(due).toEqual(['first']);
    jest.advanceTimersByTime(590);
    expect(due).toEqual(['first']);
    jest.advanceTimersByTime(10);
    expect(due).toEqual(['first', 'second']);
  });

  it('never calls an item that was deleted', () => {
    const gone = queue.add('gone');
    queue.add('stays');
    queue.delete(gone);
    jest.advanceTimersByTime(10_000);
    expect(due).toEqual(['stays']);
  });

  it('has one timer for ten thousand items, and none when all are over', () => {
    for (let i = 0; i < 10_000; i++) queue.add(String(i));
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(2_000);
    expect(due).toHaveLength(10_000);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('gives an item its whole limit when an older timer is still armed', () => {
    queue.delete(queue.add('done'));
    jest.advanceTimersByTime(900);
    queue.add('later');
    jest.advanceTimersByTime(990);
    expect(due).toEqual([]);
    jest.advanceTimersByTime(20);
    expect(due).toEqual(['later']);
  });

  it('keeps the limit of what waits when an item is added while another is called', () => {
    const times: [string, number][] = [];
    const start = performance.now();
    const nested: DeadlineQueue<string> = new DeadlineQueue(1000, (item) => {
      times.push([item, Math.round((performance.now() - start) / 100)]);
      if (item === 'a') nested.add('made by a');
    });
    nested.add('a');
    jest.advanceTimersByTime(300);
    nested.add('b');
    jest.advanceTimersByTime(3_000);
    expect(times).toEqual([
      ['a', 10],
      ['b', 13],
      ['made by a', 20],
    ]);
  });

  it('gives everything back, oldest first, and leaves no timer', () => {
    queue.add('one');
    queue.add('two');
    expect(queue.drain()).toEqual(['one', 'two']);
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(5_000);
    expect(due).toEqual([]);
  });
});
