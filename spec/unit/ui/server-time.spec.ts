import { ServerTime } from '../../../lib/ui/server-time.js';

it('is the clock of this machine until something was heard, then that of the server, by the fastest news', () => {
  let nowMs = 100_000;
  const time = new ServerTime(() => nowMs);
  expect(time.nowMs()).toBe(100_000);
  // Its clock is 5 s ahead; the news was 300, 20 and 900 ms under way.
  for (const late of [300, 20, 900]) time.heard(nowMs + 5_000 - late);
  expect(time.nowMs()).toBe(104_980);
  // The clock of the server was set back: believed once what was heard before is too old.
  for (nowMs = 110_000; nowMs < 250_000; nowMs += 10_000) time.heard(nowMs + 1_000);
  expect(time.nowMs()).toBe(nowMs + 1_000);
});
