import { block } from '../../support/block.js';
import { EVERY_MS, StallMeter, type OwnProcess } from '../../support/stall-meter.js';

/** A process whose time passes by the test's word. */
class TestProcess implements OwnProcess {
  #nowMs = 1_000;
  #usedMs = 70;
  #look: (() => void) | undefined;

  nowMs(): number {
    return this.#nowMs;
  }

  usedMs(): number {
    return this.#usedMs;
  }

  every(_ms: number, look: () => void): () => void {
    this.#look = look;
    return () => (this.#look = undefined);
  }

  /** Time passes in which it may run, and has nothing to do. */
  idle(ms: number): void {
    for (let i = 0; i < ms; i += EVERY_MS) this.#pass(EVERY_MS, 0);
  }

  /** It computes for so long at one go. */
  compute(ms: number): void {
    this.#pass(ms, ms);
  }

  /** It is kept from running. */
  stall(ms: number): void {
    this.#pass(ms, 0);
  }

  /** Before the timer has its turn. */
  stallSoFar(ms: number): void {
    this.#nowMs += ms;
  }

  #pass(ms: number, usedMs: number): void {
    this.#nowMs += ms;
    this.#usedMs += usedMs;
    this.#look?.();
  }
}

function measured(): { meter: StallMeter; own: TestProcess; fromMs: number } {
  const own = new TestProcess();
  const meter = new StallMeter(own);
  meter.start();
  return { meter, own, fromMs: own.nowMs() };
}

test('what the process waits for and what it computes counts in full', () => {
  const { meter, own, fromMs } = measured();
  own.idle(500);
  own.compute(300);
  own.idle(200);
  expect(meter.ranMs(fromMs)).toBe(1_000);
});

test('a time in which it was kept from running is taken off, but for the pause between two looks', () => {
  const { meter, own, fromMs } = measured();
  own.idle(100);
  own.stall(400);
  own.idle(100);
  expect(meter.ranMs(fromMs)).toBe(200 + EVERY_MS);
  own.stallSoFar(900);
  expect(meter.ranMs(fromMs)).toBe(200 + 2 * EVERY_MS);
});

test('of a span that is a part of it, as much as lies in it', () => {
  const { meter, own, fromMs } = measured();
  own.idle(100);
  own.stall(400);
  own.idle(100);
  expect(meter.ranMs(fromMs, fromMs + 100)).toBe(100);
  expect(meter.ranMs(fromMs + 100, fromMs + 300)).toBe(0);
  expect(meter.ranMs(fromMs + 500)).toBe(100);
  expect(meter.ranMs(fromMs + 450)).toBe(100);
});

test('it measures the process that it is in', () => {
  const meter = new StallMeter();
  meter.start();
  const fromMs = performance.now();
  block(300);
  const toMs = performance.now();
  meter.stop();
  expect(meter.ranMs(fromMs, toMs)).toBeLessThan((toMs - fromMs) / 2);
});
