import { checkHistory } from '../../chaos/check-history.js';
import { describeViolations } from '../../chaos/report.js';
import { figuresOf } from '../../chaos/figures.js';
import { Story } from '../../support/chaos-story.js';

/** p2 is granted the lock while p1 holds it; p1 was stopped then, p3 is not concerned. */
function broken(): Story {
  const story = new Story().fault('stop-holder', [50, 80], { target: 'p1' });
  story.fault('cut', [50, 60], { target: 'p3' });
  story.request('p1').requested(0).granted(10, 1).released(900);
  story.request('p2').requested(5).granted(700, 2).released(710);
  story.request('p3', 'b').requested(5).granted(20, 3).aborted(55).released(56, false);
  return story;
}

describe('a broken rule', () => {
  const verdict = checkHistory(broken().records());

  it('is shown by what those concerned noted, and by their faults, and by nothing else', () => {
    const [shown = ''] = describeViolations(verdict)
      .split('\n\n')
      .filter((part) => part.startsWith('together'));
    expect(shown).toContain('"a": p2/');
    expect(shown).toContain('p1       granted');
    expect(shown).toContain('"target":"p1"'.replaceAll('"target":', 'target='));
    expect(shown).not.toContain('p3');
  });

  it('is counted, and what users saw is told by the fault that explains it', () => {
    const figures = figuresOf(verdict);
    expect(figures.violations).toMatchObject({ together: 1, fifo: 0, tokens: 0 });
    expect(figures.faults).toEqual([
      { kind: 'stop-holder', injected: 1, seen: {} },
      { kind: 'cut', injected: 1, seen: { 'lease lost: expired': 1 } },
    ]);
  });
});
