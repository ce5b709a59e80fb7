import { eventText, PageStream } from '../../../lib/ui/page-stream.js';

/** A response whose other side reads nothing, or all. */
class FakeResponse {
  writableLength = 0;
  isDestroyed = false;
  reads = true;

  write(text: string): boolean {
    this.writableLength = this.reads ? 0 : this.writableLength + text.length;
    return this.reads;
  }
  destroy(): this {
    this.isDestroyed = true;
    return this;
  }
  end(): this {
    return this;
  }
}

const MEGABYTE = 'x'.repeat(2 ** 20);
let response: FakeResponse;
let page: PageStream;

beforeEach(() => {
  jest.useFakeTimers();
  response = new FakeResponse();
  page = new PageStream(response as never);
});
afterEach(() => jest.useRealTimers());

it('keeps a page that reads, however much it is told', () => {
  for (let i = 0; i < 100; i++) expect(page.send(MEGABYTE)).toBe(true);
});

it('drops a page that stays behind for five seconds', () => {
  response.reads = false;
  for (let i = 0; i < 5; i++) expect(page.send(MEGABYTE)).toBe(true);
  jest.advanceTimersByTime(5_100);
  expect(page.send('one more')).toBe(false);
  expect(response.isDestroyed).toBe(true);
});

it('keeps one that has caught up in between', () => {
  response.reads = false;
  for (let i = 0; i < 5; i++) page.send(MEGABYTE);
  response.reads = true;
  jest.advanceTimersByTime(5_100);
  expect(page.send('one more')).toBe(true);
});

it('drops one that is 64 MB behind at once', () => {
  response.reads = false;
  let sent = 0;
  while (page.send(MEGABYTE)) sent++;
  expect(sent).toBe(63);
});

it('tells events in one line each, whatever stands in them', () => {
  const text = eventText('delta', {
    ...{ nowMs: 1, locks: [], gone: ['a\n\ndata: {}\r\u2028'], events: [], untold: 0, gaps: [] },
  });
  expect(text.split('\n')).toHaveLength(4);
  expect(text).toMatch(/^event: delta\ndata: \{[^\n\r]*\}\n\n$/);
});
