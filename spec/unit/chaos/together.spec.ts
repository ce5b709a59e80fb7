import { brokenRules } from '../../support/broken-rules.js';
import { Story } from '../../support/chaos-story.js';

/** One holds from 10 to 1010 as it was told; another is granted the lock at the given time. */
function secondGrantedAt(atMs: number, story = new Story()): Story {
  story.request('p1').requested(0).granted(10, 1).aborted(1_005).released(1_006, false);
  story
    .request('p2')
    .requested(5)
    .granted(atMs, 2)
    .released(atMs + 20);
  return story;
}

describe('the rule of who holds together', () => {
  it('is broken by a grant before the lease before it was over', () => {
    expect(brokenRules(secondGrantedAt(1_004))).toEqual(['together']);
  });

  it('is kept by a grant right after it', () => {
    expect(brokenRules(secondGrantedAt(1_005))).toEqual([]);
  });

  it('is broken when a renewed lease is given away by its first end', () => {
    const story = new Story();
    story.request('p1').requested(0).granted(10, 1).renewed(400).released(1_300);
    story.request('p2').requested(5).granted(1_200, 2).released(1_250);
    expect(brokenRules(story)).toEqual(['together']);
  });

  it('is kept when it is given away as soon as its holder gives it back', () => {
    const story = new Story();
    story.request('p1').requested(0).granted(10, 1).renewed(400).released(500);
    story.request('p2').requested(5).granted(500.1, 2).released(501);
    expect(brokenRules(story)).toEqual([]);
  });

  it('is broken when the lease of a killed holder is given away before its end', () => {
    const story = new Story().killed('p1', 50);
    story.request('p1').requested(0).granted(10, 1);
    story.request('p2').requested(5).granted(900, 2).released(901);
    expect(brokenRules(story)).toEqual(['together']);
  });

  it('is kept when that is given away at its end', () => {
    const story = new Story().killed('p1', 50);
    story.request('p1').requested(0).granted(10, 1);
    story.request('p2').requested(5).granted(1_010, 2).released(1_011);
    expect(brokenRules(story)).toEqual([]);
  });

  it('is broken when a release is confirmed of a lock that another was granted before', () => {
    const story = new Story().fault('stop-holder', [20, 1_100], { target: 'p1' });
    story.request('p1').requested(0).granted(10, 1).released(1_200, true);
    story.request('p2').requested(5).granted(1_150, 2).released(1_160);
    expect(brokenRules(story)).toContain('together');
  });

  it('counts in the order of the tokens: one told late of an older grant held before the newer', () => {
    const story = new Story();
    story.request('p2').requested(5).granted(20, 2).released(30);
    story.request('p1').requested(0).granted(40, 1).released(50);
    expect(brokenRules(story)).toEqual(['together']);
  });

  it.each([
    ['is kept by a grant that came so late that it was over when it was told', 0, []],
    ['is broken by one that was told to have a moment left', 1, ['together']],
  ])('%s', (_what, remainingMs, broken) => {
    const story = new Story();
    story.request('p1').requested(0).granted(900, 1, remainingMs).aborted(900.5).released(901, false);
    story.request('p2').requested(5).granted(800, 2).released(810);
    expect(brokenRules(story)).toEqual(broken);
  });

  it('knows nothing of other names', () => {
    const story = new Story();
    story.request('p1', 'a').requested(0).granted(10, 1).released(500);
    story.request('p2', 'b').requested(0).granted(10, 2).released(500);
    expect(brokenRules(story)).toEqual([]);
  });
});

describe('after a server has lost state', () => {
  /** Granted at 10, granted to another at 300, and told at 400. */
  function forgotten(lostSinceMs: number | undefined): Story {
    const loss = lostSinceMs === undefined ? {} : { lostSinceMs };
    const story = new Story().fault('restart-with-loss', [100, 200], loss);
    story.request('p1').requested(0).granted(10, 1).aborted(400, 'forgotten-by-server').released(401, false);
    story.request('p2').requested(205).granted(300, 2).released(310);
    return story;
  }

  it('a lease granted in what was lost may be given to another', () => {
    expect(brokenRules(forgotten(9))).toEqual([]);
  });

  it('one that was granted before that may not', () => {
    expect(brokenRules(forgotten(11))).toContain('together');
  });

  it('nothing is excused when nothing was lost', () => {
    expect(brokenRules(forgotten(undefined))).toEqual(['early-end', 'together']);
  });

  it('not even a lost lease may be given away before the server was killed', () => {
    const story = new Story().fault('restart-with-loss', [100, 200], { lostSinceMs: 0 });
    story.request('p1').requested(0).granted(10, 1).aborted(300, 'forgotten-by-server').released(301, false);
    story.request('p2').requested(20).granted(90, 2).released(95);
    expect(brokenRules(story)).toContain('together');
  });
});
