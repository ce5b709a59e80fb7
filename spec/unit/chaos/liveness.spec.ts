import { brokenRules } from '../../support/broken-rules.js';
import { Story } from '../../support/chaos-story.js';

describe('a request', () => {
  it('that is never settled is left behind', () => {
    const story = new Story();
    story.request('p1').requested(0);
    expect(brokenRules(story, 5_000)).toEqual(['wake-up']);
  });

  it('of a process that was killed has no end', () => {
    const story = new Story().killed('p1', 20);
    story.request('p1').requested(0).waiting(10);
    expect(brokenRules(story)).toEqual([]);
  });

  it('made when all faults were over has to be granted', () => {
    const story = new Story();
    story.request('p1').requested(0, { isFinal: true }).rejected(10, 'LOCK_TIMEOUT');
    expect(brokenRules(story)).toEqual(['wake-up']);
  });

  it('of those is made again where a node crashed by itself, until it is granted', () => {
    const twice = (story: Story): Story => {
      story.request('p1').requested(0, { isFinal: true }).rejected(10, 'LOCK_CONNECTION');
      story.request('p1').requested(2_000, { isFinal: true }).granted(2_010, 1).released(2_020);
      return story;
    };
    expect(brokenRules(twice(new Story().fault('node-crashed', [500, 1_500])))).toEqual([]);
    expect(brokenRules(twice(new Story()))).toEqual(['wake-up']);
  });

  it('of those is not excused by a crash when it was the last', () => {
    const story = new Story().fault('node-crashed', [500, 1_500]);
    story.request('p1').requested(0, { isFinal: true }).rejected(10, 'LOCK_CONNECTION');
    expect(brokenRules(story)).toEqual(['wake-up']);
  });

  it('made before may be rejected', () => {
    const story = new Story();
    story.request('p1').requested(0).rejected(10, 'LOCK_TIMEOUT');
    expect(brokenRules(story)).toEqual([]);
  });

  /** Waits at a lock that was given back at 20. */
  function waitsUntil(atMs: number, story = new Story()): Story {
    story.request('p1').requested(0).granted(10, 1).released(20);
    story
      .request('p2')
      .requested(12)
      .waiting(15)
      .granted(atMs, 2)
      .released(atMs + 10);
    return story;
  }

  it('that waits for long at a lock that is free has not been woken', () => {
    expect(brokenRules(waitsUntil(10_100))).toEqual(['wake-up']);
  });

  it('may wait while several are found to be dead', () => {
    expect(brokenRules(waitsUntil(9_900))).toEqual([]);
  });

  it('may wait while the service is not there', () => {
    const story = new Story().fault('freeze-server', [1_000, 9_000]);
    expect(brokenRules(waitsUntil(15_000, story))).toEqual([]);
  });

  it('may wait for a holder who keeps the lock', () => {
    const story = new Story();
    const holder = story.request('p1').requested(0).granted(10, 1);
    for (let atMs = 500; atMs < 20_000; atMs += 500) holder.renewed(atMs);
    holder.released(20_000);
    story.request('p2').requested(12).waiting(15).granted(20_010, 2).released(20_020);
    expect(brokenRules(story)).toEqual([]);
  });
});

describe('the signal', () => {
  /** The lease is told to end at 1010. */
  function abortedAt(atMs: number | undefined, story = new Story()): Story {
    const lease = story.request('p1').requested(0).granted(10, 1);
    if (atMs !== undefined) lease.aborted(atMs).released(atMs + 1, false);
    else lease.released(5_000, false);
    return story;
  }

  it('that comes later than the end of the lease breaks the rule', () => {
    expect(brokenRules(abortedAt(1_061))).toEqual(['signal']);
  });

  it('that never comes breaks it', () => {
    expect(brokenRules(abortedAt(undefined))).toEqual(['signal']);
  });

  it('may be as late as a timer of a busy process', () => {
    expect(brokenRules(abortedAt(1_059))).toEqual([]);
  });

  it('may come when the process runs again that had been stopped', () => {
    const story = new Story().fault('stop-holder', [900, 2_000], { target: 'p1' });
    expect(brokenRules(abortedAt(2_049, story))).toEqual([]);
  });

  it('may not be later than that', () => {
    const story = new Story().fault('stop-holder', [900, 2_000], { target: 'p1' });
    expect(brokenRules(abortedAt(2_051, story))).toEqual(['signal']);
  });

  it('is not excused by a pause that was over before the end of the lease', () => {
    expect(brokenRules(abortedAt(1_100, new Story().stalled('p1', 500, 1_000)))).toEqual(['signal']);
  });

  it('is owed to nobody who is dead, or has given the lease back', () => {
    const story = new Story().killed('p2', 500);
    story.request('p2', 'b').requested(0).granted(10, 1);
    story.request('p1').requested(0).granted(10, 2).released(1_000);
    expect(brokenRules(story)).toEqual([]);
  });

  it('must not come before its time', () => {
    expect(brokenRules(abortedAt(984))).toEqual(['early-end']);
  });

  it('may be given up earlier where its process’s clock was set, and no server could be asked', () => {
    const givenUp = (...kinds: ('step-clock' | 'silence')[]): string[] => {
      const story = new Story();
      for (const kind of kinds) story.fault(kind, [100, 800], { target: 'p1' });
      story.request('p1').requested(0).granted(10, 1).aborted(400).released(401, false);
      return brokenRules(story);
    };
    expect(givenUp('step-clock', 'silence')).toEqual([]);
    expect(givenUp('silence')).toEqual(['early-end']);
  });

  it('may come a little before the end', () => {
    expect(brokenRules(abortedAt(986))).toEqual([]);
  });
});

describe('an outcome', () => {
  it.each([
    [
      'a rejection for which there is no reason',
      (story: Story) => story.request('p1').requested(0).rejected(1, 'LOCK_PROTOCOL'),
    ],
    [
      'an error that is not of the library',
      (story: Story) => story.request('p1').requested(0).rejected(1, 'TypeError'),
    ],
    [
      'a cancellation by nobody',
      (story: Story) => story.request('p1').requested(0).rejected(1, 'TimeoutError'),
    ],
    [
      'a release that fails',
      (story: Story) => story.request('p1').requested(0).granted(1, 1).released(2, 'TypeError'),
    ],
    [
      'a process that ends by itself',
      (story: Story) => story.harness(1, { event: 'exited', target: 'p1', end: 1, isExpected: false }),
    ],
  ])('that nobody expects breaks the rule: %s', (_what, tell) => {
    const story = new Story();
    tell(story);
    expect(brokenRules(story)).toEqual(['outcome']);
  });

  it.each([
    ['no connection', (story: Story) => story.request('p1').requested(0).rejected(1, 'LOCK_CONNECTION')],
    [
      'a cancellation that was asked for',
      (story: Story) => story.request('p1').requested(0, { abortAfterMs: 1 }).rejected(1, 'TimeoutError'),
    ],
    [
      'a release without an answer',
      (story: Story) => story.request('p1').requested(0).granted(1, 1).released(2, 'LOCK_CONNECTION'),
    ],
  ])('that the documentation tells of keeps it: %s', (_what, tell) => {
    const story = new Story();
    tell(story);
    expect(brokenRules(story)).toEqual([]);
  });
});

describe('a lease that is lost before its end', () => {
  /** Granted at 10, for a second; told at 400 that it is forgotten. */
  function lostAt400(lostSinceMs: number): Story {
    const story = new Story().fault('restart-with-loss', [100, 200], { lostSinceMs });
    story.request('p1').requested(0).granted(10, 1).aborted(400, 'forgotten-by-server').released(401, false);
    return story;
  }

  it('may have been forgotten by a server that lost what it took in then', () => {
    expect(brokenRules(lostAt400(5))).toEqual([]);
  });

  it('was not when it had been granted before that', () => {
    expect(brokenRules(lostAt400(15))).toEqual(['early-end']);
  });

  it('was not when it was granted after the server had come back', () => {
    const story = new Story().fault('restart-with-loss', [100, 200], { lostSinceMs: 0 });
    story
      .request('p1')
      .requested(260)
      .granted(270, 1)
      .aborted(400, 'forgotten-by-server')
      .released(401, false);
    expect(brokenRules(story)).toEqual(['early-end']);
  });
});
