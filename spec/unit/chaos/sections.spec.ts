import { brokenRules } from '../../support/broken-rules.js';
import { Story } from '../../support/chaos-story.js';

/** In its section until `leftMs`, with a lease from 10 to 1010. */
function sectionUntil(leftMs: number, story = new Story()): Story {
  story.request('p1').requested(0).granted(10, 1).worked(11, leftMs).released(leftMs, false);
  return story;
}

describe('a critical section', () => {
  it('goes on after its lease only in breach of the rule', () => {
    expect(brokenRules(sectionUntil(1_061))).toContain('section');
  });

  it('may end as late as a timer of a busy process', () => {
    expect(brokenRules(sectionUntil(1_059))).toEqual([]);
  });

  it('may go on while its process is stopped', () => {
    const story = new Story().fault('stop-holder', [100, 2_000], { target: 'p1' });
    expect(brokenRules(sectionUntil(2_010, story))).toEqual([]);
  });

  it('may not go on because it was stopped and ran again long before', () => {
    const story = new Story().fault('stop-holder', [100, 900], { target: 'p1' });
    expect(brokenRules(sectionUntil(2_010, story))).toContain('section');
  });

  it('may not go on because another process was stopped', () => {
    const story = new Story().fault('stop-holder', [100, 2_000], { target: 'p2' });
    expect(brokenRules(sectionUntil(2_010, story))).toContain('section');
  });

  it('is its own affair once it has been told', () => {
    const story = new Story();
    story.request('p1').requested(0).granted(10, 1).aborted(1_005).worked(11, 3_000).released(3_000, false);
    expect(brokenRules(story)).toEqual([]);
  });

  it('must not begin after the lease', () => {
    const story = new Story();
    story.request('p1').requested(0).granted(10, 1, -45).worked(11, 20).released(21, false);
    expect(brokenRules(story)).toContain('section');
  });

  it('may begin after it where the lease has ended in a pause between grant and section, too short to be noted', () => {
    const story = new Story();
    story.request('p1').requested(0).granted(10, 1, -35).worked(11, 20).released(21, false);
    expect(brokenRules(story)).toEqual([]);
  });

  it('that begins after the lease is told so at once', () => {
    const late = (abortedMs: number): Story => {
      const story = new Story();
      story.request('p1').requested(0).granted(10, 1, -45).aborted(abortedMs).worked(80).released(90, false);
      return story;
    };
    expect(brokenRules(late(59))).not.toContain('signal');
    expect(brokenRules(late(61))).toContain('signal');
  });
});

describe('two critical sections at once', () => {
  /** Of the older lease until 700 although it has told its holder that it ends at 210; the newer from 500. */
  function overlapping(story = new Story()): Story {
    story.request('p1').requested(0).granted(10, 1, 200).worked(11, 700).released(700, false);
    story.request('p2').requested(5).granted(499, 2).worked(500, 600).released(600);
    return story;
  }

  it('break the rule', () => {
    expect(brokenRules(overlapping())).toContain('section');
  });

  it('are excused by a pause that lasted until then', () => {
    expect(brokenRules(overlapping().stalled('p1', 100, 690))).toEqual([]);
  });

  it('are not excused by a pause of the newer holder', () => {
    expect(brokenRules(overlapping().stalled('p2', 400, 690))).toContain('section');
  });

  it('break the rule although both leases are told to live', () => {
    const story = new Story();
    story.request('p1').requested(0).granted(10, 1).worked(11, 400).released(400);
    story.request('p2').requested(5).granted(300, 2).worked(301, 350).released(350);
    expect(brokenRules(story)).toEqual(['section', 'together']);
  });

  it('are excused where the server had forgotten the older lease', () => {
    const story = new Story().fault('restart-with-loss', [100, 200], { lostSinceMs: 0 });
    story
      .request('p1')
      .requested(0)
      .granted(10, 1)
      .worked(11, 400)
      .aborted(400, 'forgotten-by-server')
      .released(401, false);
    story.request('p2').requested(5).granted(300, 2).worked(301, 350).released(350);
    expect(brokenRules(story)).toEqual([]);
  });

  it('of a killed process end with it', () => {
    const story = new Story().killed('p1', 100);
    story.request('p1').requested(0).granted(10, 1).worked(11);
    story.request('p2').requested(5).granted(1_010, 2).worked(1_011, 1_020).released(1_020);
    expect(brokenRules(story)).toEqual([]);
  });
});
