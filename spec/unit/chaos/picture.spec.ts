import { checkHistory } from '../../chaos/check-history.js';
import { drawViolation } from '../../chaos/picture.js';
import { Story } from '../../support/chaos-story.js';

/** The rows of the picture of what broke the rule. */
function picture(story: Story, rule: string): string[] {
  const { violations, run } = checkHistory(story.records());
  const violation = violations.find((one) => one.rule === rule);
  if (violation === undefined) throw new Error(`${rule} is kept`);
  return drawViolation(violation, run);
}

/** Of so many of one character. */
const row = (label: string, ...parts: [glyph: string, times: number][]): string =>
  `${label.padEnd(14)} │${parts.map(([glyph, times]) => glyph.repeat(times)).join('')}│`;

describe('the picture of a violation', () => {
  const story = new Story()
    .fault('stop-holder', [100, 200], { target: 'p1' })
    .fault('cut', [0, 900], { target: 'p3' });
  story.request('p1').requested(0).granted(300, 1).worked(400, 800).released(1_000);
  story.request('p2').requested(100).waiting(110).granted(600, 2).released(900);
  story.request('p3', 'b').requested(0).granted(20, 3).released(30);

  it('has a row for each of those concerned and for what was done to them, in one scale', () => {
    // From -30 ms to 1031 ms, so that a column is 14.7 ms.
    expect(picture(story, 'together').slice(1, -2)).toEqual([
      row('p1/3 a', [' ', 2], ['░', 6], ['·', 8], ['░', 6], ['▒', 7], ['█', 28], ['▒', 13], [' ', 2]),
      row('p2/4 a', [' ', 8], ['░', 34], ['▒', 22], [' ', 8]),
      row('stop-holder p1', [' ', 8], ['━', 8], [' ', 56]),
    ]);
  });

  it('says when it begins and ends, and what the signs mean', () => {
    const [axis, ...rows] = picture(story, 'together');
    expect(axis?.trim()).toMatch(/^-0\.030 s +1\.031 s$/);
    expect(axis).toHaveLength(15 + 1 + 72);
    expect(rows.at(-2)).toContain('█ in its section');
  });

  it('shows a lease of the dead to its end, and what a watch was told', () => {
    const dead = new Story().killed('p1', 500);
    dead.request('p1').requested(0).granted(10, 1).worked(11);
    dead.request('p2').requested(5).granted(700, 2).released(710);
    const watch = dead.watch().watching(0).told(10, 'acquired', 1).told(700, 'acquired', 2, { owner: 'p2' });
    watch.closed(800);
    expect(picture(dead, 'together').find((line) => line.startsWith('p1/'))).toMatch(/│ +█+✗▒+ +│$/);
    const told = checkHistory(dead.records()).violations.filter(({ what }) => what.includes('watch'));
    expect(told.map(({ rule }) => rule)).toEqual(['together']);
  });

  it('shows what was written, under which lease, and what the server has forgotten', () => {
    const lossy = new Story().fault('restart-with-loss', [300, 320], { lostSinceMs: 50 });
    lossy.request('p1').requested(0).granted(10, 1).worked(11, 390).released(390);
    lossy.request('p2').requested(0).granted(100, 2).worked(110, 200).released(210);
    lossy.wroteInServer(400, 'p1', 1).wroteInServer(20, 'p1', 1).wroteInServer(390, 'p2', 2);
    // From -2 ms to 412 ms, so that a column is 5.7 ms.
    const wide = (label: string, ...parts: [glyph: string, times: number][]): string =>
      row(label.padEnd(17), ...parts);
    expect(picture(lossy, 'resource').slice(1, -2)).toEqual([
      wide('p1/2 a', ['░', 2], ['█', 67], ['w', 1], [' ', 2]),
      wide('p2/3 a', ['░', 17], ['▒', 2], ['█', 17], ['▒', 1], [' ', 31], ['w', 1], [' ', 3]),
      wide('restart-with-loss', [' ', 9], ['╌', 43], ['━', 5], [' ', 15]),
    ]);
  });
});
