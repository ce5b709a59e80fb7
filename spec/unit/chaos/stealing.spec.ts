import { brokenRules } from '../../support/broken-rules.js';
import { Story, type Told } from '../../support/chaos-story.js';

const STEAL = { isSteal: true };

/** p1 is granted the lock for a second at 10, p2 steals it between 300 and 320. */
function stolen(victim: (lease: Told) => unknown, story = new Story()): Story {
  victim(story.request('p1').requested(0).granted(10, 1));
  story.request('p2').requested(300, STEAL).granted(320, 2).released(600);
  return story;
}

describe('a lock that is stolen', () => {
  it('is the thief’s at once, and its victim knows', () => {
    expect(brokenRules(stolen((lease) => lease.aborted(321, 'stolen').released(322, false)))).toEqual([]);
  });

  it('is held by the thief alone: not by one who was granted it without stealing', () => {
    const story = stolen((lease) => lease.aborted(321, 'stolen').released(322, false));
    story.request('p3').requested(0).granted(500, 3).released(510);
    expect(brokenRules(story)).toEqual(['together']);
  });

  it('was nobody’s but its holder’s before the thief had asked', () => {
    const story = stolen((lease) => lease.aborted(321, 'stolen').released(322, false));
    story.request('p3').requested(0).granted(200, 1.5).released(210);
    expect(brokenRules(story)).toEqual(['together']);
  });

  it('is not renewed for its victim', () => {
    const late = (untilMs: number): Story =>
      stolen((lease) =>
        lease
          .renewed(340, untilMs - 340)
          .aborted(341, 'stolen')
          .released(342, false),
      );
    expect(brokenRules(late(1_326))).toEqual(['together']);
    expect(brokenRules(late(1_324))).toEqual([]);
  });

  it('may be its victim’s by a push from before, which lasts until it has to be acknowledged', () => {
    const late = (remainingMs: number): string[] => {
      const story = new Story();
      const victim = story.request('p1').requested(0, { ttlMs: 500 }).waiting(400);
      victim.granted(450, 1, remainingMs).aborted(460, 'stolen').released(461, false);
      story.request('p2').requested(300, STEAL).granted(320, 2).released(600);
      return brokenRules(story);
    };
    expect(late(400)).toEqual([]);
    expect(late(690)).toEqual(['together']);
  });

  it('is not said to have been held by its victim until later', () => {
    expect(brokenRules(stolen((lease) => lease.released(330, true)))).toEqual(['together']);
  });

  it('is not handed on by its victim', () => {
    expect(brokenRules(stolen((lease) => lease.handedOn(330)))).toEqual(['together']);
  });

  it('has a victim that is told before the end of its lease', () => {
    const story = (atMs: number): Story => {
      const told = new Story();
      told
        .request('p1')
        .requested(0, { ttlMs: 3_000 })
        .granted(10, 1, 3_000)
        .aborted(atMs, 'stolen')
        .released(atMs + 1, false);
      told.request('p2').requested(300, STEAL).granted(320, 2).released(600);
      return told;
    };
    expect(brokenRules(story(1_365))).toEqual([]);
    expect(brokenRules(story(1_375))).toEqual(['signal']);
    expect(brokenRules(story(1_375).fault('cut', [250, 310], { target: 'p1' }))).toEqual([]);
  });

  it('has a section in which its victim may still be when the thief begins', () => {
    const story = new Story();
    story
      .request('p1')
      .requested(0)
      .granted(10, 1)
      .worked(11, 330)
      .aborted(330, 'stolen')
      .released(331, false);
    story.request('p2').requested(300, STEAL).granted(320, 2).worked(321, 400).released(400);
    expect(brokenRules(story)).toEqual([]);
  });

  it('passes all who wait for it', () => {
    const story = stolen((lease) => lease.aborted(321, 'stolen').released(322, false));
    story.request('p3').requested(20).waiting(30).granted(610, 3).released(620);
    expect(brokenRules(story)).toEqual([]);
  });

  it('was stolen by somebody', () => {
    const story = new Story();
    story.request('p1').requested(0).granted(10, 1).aborted(321, 'stolen').released(322, false);
    story.request('p2').requested(300).rejected(310, 'busy');
    expect(brokenRules(story)).toEqual(['early-end', 'outcome']);
  });

  it.each<[string, (story: Story) => unknown, string[]]>([
    [
      'one who had no answer',
      (story) => story.request('p2').requested(300, STEAL).rejected(2_000, 'LOCK_CONNECTION'),
      [],
    ],
    [
      'one who was killed',
      (story) => {
        story.killed('p2', 305);
        return story.request('p2').requested(300, STEAL);
      },
      [],
    ],
    [
      'one who asked for another lock',
      (story) => story.request('p2', 'b').requested(300, STEAL).granted(320, 2).released(600),
      ['early-end', 'outcome'],
    ],
    [
      'one who had it before',
      (story) => story.request('p2').requested(1, STEAL).granted(5, 0.5).released(6),
      ['early-end', 'outcome'],
    ],
  ])('may have been stolen by %s', (_who, thief, broken) => {
    const story = new Story();
    story.request('p1').requested(0).granted(10, 1).aborted(321, 'stolen').released(322, false);
    thief(story);
    expect(brokenRules(story)).toEqual(broken);
  });

  it('is not told to have been forgotten, unless its victim had no server to ask', () => {
    const forgotten = (story?: Story): string[] =>
      brokenRules(stolen((lease) => lease.aborted(400, 'forgotten-by-server').released(401, false), story));
    expect(forgotten()).toEqual(['early-end']);
    expect(forgotten(new Story().fault('half-open', [200, 390], { target: 'p1' }))).toEqual([]);
  });

  it('of several names is free of all of them', () => {
    const story = new Story();
    story.request('p1', 'a', 'b').requested(0).granted(10, 1).aborted(321, 'stolen').released(322, false);
    story.request('p2').requested(300, STEAL).granted(320, 2).released(600);
    story.request('p3', 'b').requested(100).granted(325, 3).released(330);
    expect(brokenRules(story)).toEqual([]);
  });
});

describe('a lock with minHold', () => {
  /** Granted at 10 and given back at 50; the next is granted it later. */
  function kept(nextMs: number, minHoldMs: number, result: boolean | string = true): Story {
    const story = new Story();
    story.request('p1').requested(0, { minHoldMs }).granted(10, 1).released(50, result);
    story
      .request('p2')
      .requested(5)
      .granted(nextMs, 2)
      .released(nextMs + 10);
    return story;
  }

  it('is nobody else’s before that is over, although it was released', () => {
    expect(brokenRules(kept(455, 500))).toEqual(['together']);
    expect(brokenRules(kept(510, 500))).toEqual([]);
    expect(brokenRules(kept(60, 0))).toEqual([]);
  });

  it('is kept beyond its ttl', () => {
    expect(brokenRules(kept(1_400, 1_500))).toEqual(['together']);
  });

  it('is not known to be kept where the release had no answer', () => {
    expect(brokenRules(kept(300, 500, 'LOCK_CONNECTION'))).toEqual([]);
  });

  it('counts from the grant, however late its process goes on', () => {
    expect(brokenRules(kept(455, 500).stalled('p1', -60, 10))).toEqual([]);
  });

  it('may have been forgotten by a server that lost what it took in then', () => {
    const lost = (sinceMs: number): Story =>
      kept(300, 500).fault('restart-with-loss', [100, 200], { lostSinceMs: sinceMs });
    expect(brokenRules(lost(40))).toEqual([]);
    expect(brokenRules(lost(60))).toEqual(['together']);
  });

  it('can be stolen', () => {
    const story = new Story();
    story.request('p1').requested(0, { minHoldMs: 500 }).granted(10, 1).released(50);
    story.request('p2').requested(290, STEAL).granted(300, 2).released(310);
    expect(brokenRules(story)).toEqual([]);
  });

  it('is what others may wait for', () => {
    const story = new Story();
    story.request('p1').requested(0, { minHoldMs: 11_000 }).granted(10, 1).released(50);
    story.request('p2').requested(12).waiting(15).granted(11_020, 2).released(11_030);
    expect(brokenRules(story)).toEqual([]);
  });
});
