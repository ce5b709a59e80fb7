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

describe('the resource in the server', () => {
  /** The server forgets what it took in from 5 ms on, at 20 ms. */
  const lossy = (): Story => new Story().fault('restart-with-loss', [20, 30], { lostSinceMs: 5 });

  it('that accepts an older token after a newer breaks the rule', () => {
    expect(brokenRules(new Story().wroteInServer(1, 'p1', 2).wroteInServer(2, 'p2', 1))).toEqual([
      'resource',
    ]);
  });

  it('keeps it where the newer write was lost, with the lease that it was made under', () => {
    expect(brokenRules(lossy().wroteInServer(10, 'p1', 2).wroteInServer(25, 'p2', 1))).toEqual([]);
  });

  it('breaks it where the newer write was there before, or came after', () => {
    for (const newerMs of [4, 22])
      expect(brokenRules(lossy().wroteInServer(newerMs, 'p1', 2).wroteInServer(25, 'p2', 1))).toEqual([
        'resource',
      ]);
  });

  it('breaks it where an older write than the one that was lost is newer still', () => {
    const story = lossy().wroteInServer(2, 'p1', 2).wroteInServer(10, 'p3', 3).wroteInServer(25, 'p2', 1);
    expect(brokenRules(story)).toEqual(['resource']);
  });

  it('that remembers tokens itself loses nothing', () => {
    expect(brokenRules(lossy().wrote(10, 'p1', 2).wrote(25, 'p2', 1))).toEqual(['resource']);
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

  describe('of a process that was disturbed', () => {
    /** p1 is granted at 6000, p2 before it at the time that is asked about. */
    function passedAt(grantedMs: number, story: Story, ttlMs = 30_000): Story {
      story.request('p1').requested(0, { ttlMs }).waiting(10).granted(6_000, 3).released(6_010);
      story
        .request('p2')
        .requested(11)
        .waiting(30)
        .granted(grantedMs, 2)
        .released(grantedMs + 10);
      return story;
    }
    const stopped = (): Story => new Story().fault('stop-waiter', [50, 1_050], { target: 'p1' });

    it('is passed while it is silent', () => {
      expect(brokenRules(passedAt(900, stopped()))).toEqual([]);
      expect(brokenRules(passedAt(2_500, stopped()))).toEqual([]);
    });

    it('is not passed when it is back: it has lost its turn, not its place', () => {
      expect(brokenRules(passedAt(2_600, stopped()))).toEqual(['fifo']);
      expect(brokenRules(passedAt(5_000, stopped()))).toEqual(['fifo']);
    });

    it('has lost its place where a grant may have come and gone meanwhile', () => {
      expect(brokenRules(passedAt(5_000, stopped(), 2_500))).toEqual([]);
      const forLong = new Story().fault('stop-waiter', [50, 7_000], { target: 'p1' });
      expect(brokenRules(passedAt(5_000, forLong))).toEqual([]);
    });

    it('has lost its place where the server has lost state', () => {
      const story = new Story().fault('restart-with-loss', [50, 60], { lostSinceMs: 20 });
      expect(brokenRules(passedAt(5_000, story))).toEqual([]);
    });

    it('is passed by a grant of that time that was noted later', () => {
      const story = stopped().fault('delay', [60, 2_000], { target: 'p2' });
      expect(brokenRules(passedAt(2_600, story))).toEqual([]);
    });
  });

  describe('with a thief', () => {
    const STEAL = { isSteal: true };
    const LONG = { ttlMs: 30_000 };

    /** p1 waits from 10 on and is granted at 4000; p2 is sent, and granted at 3000 all the same. */
    function passed(story: Story, sentMs: number): Story {
      story.request('p1').requested(0, LONG).waiting(10).granted(4_000, 4).released(4_010);
      story
        .request('p2')
        .requested(sentMs)
        .waiting(sentMs + 10)
        .granted(3_000, 3)
        .released(3_010);
      return story;
    }
    const thief = (story: Story): Story => {
      story.request('p3').requested(300, STEAL).granted(310, 2).released(600);
      return story;
    };

    it('is passed by those who came before it was robbed of a grant that it had not heard of', () => {
      expect(brokenRules(passed(thief(new Story()), 20))).toEqual([]);
    });

    it('is not passed by those who came long after that', () => {
      expect(brokenRules(passed(thief(new Story()), 2_000))).toEqual(['fifo']);
    });

    it('is not passed where somebody else was robbed', () => {
      const story = new Story();
      story.request('p4').requested(-10).granted(-5, 1).aborted(311, 'stolen').released(312, false);
      expect(brokenRules(passed(thief(story), 20))).toEqual(['fifo']);
    });

    it('is passed where that one had gone when the thief came', () => {
      const story = new Story();
      story.request('p4').requested(-10).granted(-5, 1).released(305);
      expect(brokenRules(passed(thief(story), 20))).toEqual([]);
    });

    it('is not passed for a theft that came to nothing long ago', () => {
      const story = new Story();
      story.request('p3').requested(-20_000, STEAL).rejected(-19_000, 'LOCK_CONNECTION');
      expect(brokenRules(passed(story, 20))).toEqual(['fifo']);
    });
  });

  it('is not broken by one who would not wait any longer', () => {
    const story = new Story();
    story.request('p1').requested(0).waiting(10).rejected(100, 'LOCK_TIMEOUT');
    story.request('p2').requested(20).waiting(30).granted(200, 2).released(210);
    expect(brokenRules(story)).toEqual([]);
  });
});
