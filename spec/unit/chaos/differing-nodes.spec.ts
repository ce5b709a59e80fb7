import { checkHistory } from '../../chaos/check-history.js';
import { figuresOf } from '../../chaos/figures.js';
import { brokenRules } from '../../support/broken-rules.js';
import { Story } from '../../support/chaos-story.js';

const DIFFER_MS = 50_000;

/** A node went on without a change. */
function differing(): Story {
  const story = new Story();
  for (const process of ['p1', 'p2']) story.note(process, 0, { event: 'started', pid: 1 });
  const sinceMs = DIFFER_MS;
  return story.harness(DIFFER_MS + 900, {
    event: 'nodes-differ',
    node: 1,
    why: 'changes_with_gap 1',
    sinceMs,
  });
}

/** Two hold the same lock. */
function heldTogether(story: Story, atMs: number): Story {
  story
    .request('p1')
    .requested(atMs)
    .granted(atMs + 10, 1)
    .worked(atMs + 11, atMs + 40)
    .released(atMs + 41);
  story
    .request('p2')
    .requested(atMs)
    .granted(atMs + 20, 2)
    .worked(atMs + 21, atMs + 30)
    .released(atMs + 31);
  return story;
}

describe('once a node has gone on without a change', () => {
  it('what happens is not judged', () => {
    expect(brokenRules(heldTogether(differing(), DIFFER_MS + 1))).toEqual([]);
  });

  it('what happened before is', () => {
    expect(brokenRules(heldTogether(differing(), 1_000))).toContain('together');
  });

  it('nobody has to settle what he had asked for, nor to leave nothing', () => {
    const story = differing();
    story
      .request('p1')
      .requested(DIFFER_MS - 20)
      .granted(DIFFER_MS - 10, 1);
    story.request('p2').requested(DIFFER_MS - 5);
    expect(brokenRules(story)).toEqual([]);
  });

  it('that is so when the faults were over before', () => {
    const story = differing().harness(DIFFER_MS - 30, { event: 'faults-over' });
    story.request('p2').requested(DIFFER_MS - 5);
    expect(brokenRules(story)).toEqual([]);
  });

  it('the figures say that the run ended there', () => {
    expect(figuresOf(checkHistory(differing().records())).runsOfDifferingNodes).toBe(1);
    expect(figuresOf(checkHistory(new Story().records())).runsOfDifferingNodes).toBe(0);
  });
});
