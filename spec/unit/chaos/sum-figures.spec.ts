import { checkHistory } from '../../chaos/check-history.js';
import { figuresOf, type Figures } from '../../chaos/figures.js';
import { describeFigures, inOneLine } from '../../chaos/report.js';
import { sumFigures } from '../../chaos/sum-figures.js';
import { Story } from '../../support/chaos-story.js';

/** One grant, a node killed, and a cut that costs nothing. */
function quiet(): Figures {
  const story = new Story().fault('kill-node', [5, 8], {}).fault('cut', [50, 60], { target: 'p1' });
  story.request('p1').requested(0).granted(10, 1).released(56);
  return figuresOf(checkHistory(story.records()));
}

/** Two hold one lock at once; then the nodes differ. */
function broken(): Figures {
  const story = new Story().fault('cut', [50, 60], { target: 'p1' });
  story.request('p1').requested(0).granted(10, 1).aborted(800).released(900, false);
  story.request('p2').requested(5).granted(700, 2).released(710);
  story.harness(2_000, { event: 'nodes-differ', node: 1, why: 'changes_with_gap 1', sinceMs: 1_500 });
  return figuresOf(checkHistory(story.records()));
}

describe('several runs together', () => {
  const sum = sumFigures([quiet(), broken(), quiet()]);

  it('have the grants, the faults and the broken rules of each', () => {
    expect(sum).toMatchObject({ runs: 3, runsOfDifferingNodes: 1, grants: 4 });
    expect(sum.granted).toEqual({ lock: 4 });
    expect(sum.violations.together).toBe(1);
    expect(sum.faults).toEqual([
      { kind: 'cut', injected: 3, seen: { 'lease lost: expired': 1 } },
      { kind: 'kill-node', injected: 2, seen: {} },
    ]);
  });

  it('have every figure that one has', () => {
    const one = quiet();
    expect(Object.keys(sum)).toEqual(Object.keys(one));
    const doubled = Object.entries(sumFigures([one, one])).filter(([, value]) => typeof value === 'number');
    expect(doubled).toEqual(doubled.map(([key]) => [key, 2 * (one[key as keyof Figures] as number)]));
  });

  it('are told with how many were judged only in part', () => {
    expect(describeFigures(sum)).toContain('1 of 3 runs: judged until a node went on without a change');
    expect(describeFigures(sumFigures([quiet(), quiet()]))).toContain('2 runs, each to its end');
    expect(inOneLine(broken())).toMatch(/2 grants.*until the nodes differed.*BROKEN: together 1/);
    expect(inOneLine(quiet())).toMatch(/1 grants, 2 faults, kill-node 1, to its end, nothing broken/);
  });
});
