/** Timers and `performance.now()` stand still from here on; turns of the event loop go on. */
export function stopTime(): void {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'] });
}

/** Moves time on, and lets whatever that has set off come to rest. */
export async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
  await rest();
}

/** Lets what is under way come to rest, while time stands still. */
export async function rest(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Fails when a timer is left, then lets time go on. */
export function resumeTime(): void {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
}
