import { brokenRules } from '../../support/broken-rules.js';
import { Story } from '../../support/chaos-story.js';

describe('fencing tokens', () => {
  const granted = (story: Story, atMs: number, token: number): void => {
    story
      .request('p1')
      .requested(atMs)
      .granted(atMs + 1, token)
      .released(atMs + 2);
  };

  it('that fall break the rule', () => {
    const story = new Story();
    granted(story, 0, 2);
    granted(story, 10, 1);
    expect(brokenRules(story)).toContain('tokens');
  });

  it('that are given twice break the rule', () => {
    const story = new Story();
    granted(story, 0, 2);
    granted(story, 10, 2);
    expect(brokenRules(story)).toContain('tokens');
  });

  it('that fall break the rule although the server has lost state', () => {
    const story = new Story().fault('restart-with-loss', [4, 6], { lostSinceMs: 0 });
    granted(story, 0, 2);
    granted(story, 10, 1);
    expect(brokenRules(story)).toContain('tokens');
  });

  it('that grow by one keep it, and so do those of another name that are lower', () => {
    const story = new Story();
    granted(story, 0, 2);
    granted(story, 10, 3);
    story.request('p1', 'b').requested(20).granted(21, 1).released(22);
    expect(brokenRules(story)).toEqual([]);
  });
});

describe('the guarded resource', () => {
  it('that accepts an older token after a newer breaks the rule', () => {
    expect(brokenRules(new Story().wrote(1, 'p1', 2).wrote(2, 'p2', 1))).toEqual(['resource']);
  });

  it('that refuses it keeps it, and may take the same one twice', () => {
    expect(brokenRules(new Story().wrote(1, 'p1', 2).wrote(2, 'p2', 1, false).wrote(3, 'p1', 2))).toEqual([]);
  });
});

describe('the queue', () => {
  /** The second is sent when the first is waiting, and is granted before it. */
  function overtaken(story = new Story(), { waitingMs = 10, sentMs = 11 } = {}): Story {
    story.request('p1').requested(0).waiting(waitingMs).granted(300, 3).released(310);
    story.request('p2').requested(sentMs).waiting(30).granted(200, 2).released(210);
    return story;
  }

  it('is broken by a request that was sent when another was waiting, and granted before it', () => {
    expect(brokenRules(overtaken())).toEqual(['fifo']);
  });

  it('has no known order while neither was known to be waiting when the other was sent', () => {
    expect(brokenRules(overtaken(new Story(), { waitingMs: 12 }))).toEqual([]);
  });

  it.each([
    ['was stopped', 'stop-waiter', 'p1'],
    ['had its connection cut', 'cut', 'p1'],
    ['met a server that was restarted', 'restart', undefined],
  ] as const)('may cost a place whoever %s', (_what, kind, target) => {
    const story = new Story().fault(kind, [50, 150], target === undefined ? {} : { target });
    expect(brokenRules(overtaken(story))).toEqual([]);
  });

  it.each([
    ['who stalled for less than it takes to be missed', new Story().stalled('p1', 50, 340)],
    ['who had its clock stepped', new Story().fault('step-clock', [50, 60], { target: 'p1' })],
    ['whose rival was stopped', new Story().fault('stop-waiter', [50, 150], { target: 'p2' })],
  ])('costs nobody a place %s', (_who, story) => {
    expect(brokenRules(overtaken(story))).toEqual(['fifo']);
  });

  it('is not broken by one who would not wait any longer', () => {
    const story = new Story();
    story.request('p1').requested(0).waiting(10).rejected(100, 'LOCK_TIMEOUT');
    story.request('p2').requested(20).waiting(30).granted(200, 2).released(210);
    expect(brokenRules(story)).toEqual([]);
  });
});
