import { brokenRules } from '../../support/broken-rules.js';
import { Story } from '../../support/chaos-story.js';

const LINGERS = { lingerMs: 500 };

describe('a lease that lingers', () => {
  /** Two sections of one process under one lease, the second from `againMs` on. */
  function twice(againMs: number, story = new Story()): Story {
    story.request('p1').requested(0, LINGERS).granted(10, 5).worked(10, 50).released(50);
    const endMs = againMs + 140;
    story
      .request('p1')
      .requested(againMs, LINGERS)
      .granted(againMs, 5)
      .worked(againMs, endMs)
      .released(endMs);
    return story;
  }

  it('may be taken again by its process, under the same token', () => {
    expect(brokenRules(twice(60))).toEqual([]);
  });

  it('taken again before it was given back breaks the rule of tokens', () => {
    expect(brokenRules(twice(40))).toContain('tokens');
  });

  it('taken by another process breaks it', () => {
    const story = new Story();
    story.request('p1').requested(0, LINGERS).granted(10, 5).released(50);
    story.request('p2').requested(60, LINGERS).granted(70, 5).released(80);
    expect(brokenRules(story)).toContain('tokens');
  });

  it('that was not to linger breaks it', () => {
    const story = new Story();
    story.request('p1').requested(0).granted(10, 5).released(50);
    story.request('p1').requested(60).granted(70, 5).released(80);
    expect(brokenRules(story)).toContain('tokens');
  });

  it('taken again beside another who has the lock breaks the rules', () => {
    const story = twice(60);
    story.request('p2').requested(20).waiting(30).granted(70, 6).worked(70, 150).released(150);
    expect(brokenRules(story)).toEqual(['section', 'together']);
  });

  it('taken again before its process can have heard that another waits keeps the order', () => {
    const story = twice(60);
    story.request('p2').requested(51).waiting(55).granted(210, 6).released(220);
    expect(brokenRules(story)).toEqual([]);
  });

  it('taken again long after another waits breaks it', () => {
    const story = twice(1_700);
    story.request('p1').requested(1_850, LINGERS).granted(1_850, 5, 2_000).released(1_900);
    story.request('p2').requested(51).waiting(55).granted(2_000, 6).released(2_010);
    expect(brokenRules(story)).toContain('fifo');
  });

  it('of a process that was cut off meanwhile keeps it: it could not hear', () => {
    const story = twice(1_700, new Story().fault('cut', [100, 200], { target: 'p1' }));
    story.request('p2').requested(51).waiting(55).granted(2_000, 6).released(2_010);
    expect(brokenRules(story)).not.toContain('fifo');
  });

  it('need not be told to a watch as released when its section ends', () => {
    const story = twice(60);
    story.watch().watching(0).told(11, 'acquired', 5).told(700, 'released', 5).closed(20_000);
    expect(brokenRules(story)).toEqual([]);
  });
});
