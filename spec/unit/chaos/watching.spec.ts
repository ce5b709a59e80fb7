import { brokenRules } from '../../support/broken-rules.js';
import { Story, type ToldWatch } from '../../support/chaos-story.js';

/** p1 has the lock from 10 to 500; the watch is there from the beginning until long after. */
function watched(tell: (watch: ToldWatch) => unknown, story = new Story()): Story {
  story.request('p1').requested(5).granted(10, 1).released(500);
  const watch = story.watch().watching(1);
  tell(watch);
  watch.closed(20_000);
  return story;
}

/** The grant and its end, in time. */
const all = (watch: ToldWatch): ToldWatch => watch.told(12, 'acquired', 1).told(501, 'released', 1);

describe('a watch', () => {
  it('tells what happens', () => {
    expect(brokenRules(watched(all))).toEqual([]);
  });

  it.each<[string, (watch: ToldWatch) => unknown]>([
    ['a grant untold', (watch) => watch.told(501, 'released', 1)],
    ['an end untold', (watch) => watch.told(12, 'acquired', 1)],
    ['a grant told late', (watch) => watch.told(1_011, 'acquired', 1).told(1_012, 'released', 1)],
    ['an end told late', (watch) => watch.told(12, 'acquired', 1).told(4_502, 'released', 1)],
    ['an end told twice', (watch) => all(watch).told(502, 'released', 1)],
    ['a grant told twice', (watch) => all(watch).told(502, 'acquired', 1)],
    [
      'another holder',
      (watch) =>
        all(watch.told(3, 'acquired', 0.5, { owner: 'p2' }).told(4, 'released', 0.5, { owner: 'p2' })),
    ],
    [
      'another kind of lock',
      (watch) => watch.told(12, 'acquired', 1, { mode: 'shared' }).told(501, 'released', 1),
    ],
    [
      'more permits than were asked for',
      (watch) => watch.told(12, 'acquired', 1, { want: 2 }).told(501, 'released', 1),
    ],
    [
      'that it ran out although it was released',
      (watch) => watch.told(12, 'acquired', 1).told(501, 'expired', 1),
    ],
    ['a theft by nobody', (watch) => all(watch).told(600, 'lost', 0.5)],
    [
      'a loss by force, which nobody used',
      (watch) => all(watch).told(600, 'lost', 0.5, { reason: 'force-released' }),
    ],
  ])('breaks the rule with %s', (_what, tell) => {
    expect(brokenRules(watched(tell))).toEqual(['watch']);
  });

  it('may tell nothing while it has no connection, and says so', () => {
    const blind = (watch: ToldWatch): unknown => watch.resumed(2_000);
    expect(brokenRules(watched(blind))).toEqual([]);
    expect(brokenRules(watched(() => undefined, new Story().fault('cut', [5, 15], { target: 'w' })))).toEqual(
      [],
    );
    expect(
      brokenRules(watched(() => undefined, new Story().fault('cut', [5, 15], { target: 'p1' }))),
    ).toEqual(['watch']);
  });

  it('need not tell what was before it, or after', () => {
    const story = new Story();
    story.request('p1').requested(5).granted(10, 1).released(500);
    story.watch().watching(300).told(501, 'released', 1).closed(600);
    expect(brokenRules(story)).toEqual([]);
  });

  it('may tell that a lease expired whose release came through only after its end, and says so', () => {
    const released = (result: boolean): Story => {
      const story = new Story().fault('silence', [100, 1_100], { target: 'p1' });
      story.request('p1').requested(5).granted(10, 1).released(200, result, 1_200);
      story.watch().watching(1).told(12, 'acquired', 1).told(1_010, 'expired', 1).closed(20_000);
      return story;
    };
    expect(brokenRules(released(false))).toEqual([]);
    expect(brokenRules(released(true))).toEqual(['watch']);
  });

  it('tells of one who was granted the lock and never knew', () => {
    const story = new Story();
    story.request('p1').requested(5).rejected(4_000, 'LOCK_CONNECTION');
    story.watch().watching(1).told(12, 'acquired', 1).told(1_015, 'expired', 1).closed(5_000);
    expect(brokenRules(story)).toEqual([]);
  });

  it('tells of the end of a lease that another process has adopted, as that one’s', () => {
    const story = new Story();
    const lease = story.request('p1').requested(5).granted(10, 1).handedOn(100);
    story.request('p2').requested(200, { adopts: lease.id }).granted(210, 1).released(300);
    const watch = story.watch().watching(1).told(12, 'acquired', 1);
    watch.told(301, 'released', 1, { owner: 'p2' }).closed(5_000);
    expect(brokenRules(story)).toEqual([]);
  });

  it('sees who holds at once, in the order of the server', () => {
    const story = (steps: (watch: ToldWatch) => unknown): Story => {
      const told = watched((watch) => all(watch));
      told.request('p2').requested(5).rejected(900, 'LOCK_CONNECTION');
      const watch = told.watch().watching(1).told(12, 'acquired', 1);
      steps(watch);
      watch.closed(700);
      return told;
    };
    const second = { owner: 'p2' };
    expect(
      brokenRules(story((watch) => watch.told(501, 'released', 1).told(501, 'acquired', 2, second))),
    ).toEqual([]);
    expect(brokenRules(story((watch) => watch.told(499, 'acquired', 2, second)))).toEqual(['together']);
    expect(brokenRules(story((watch) => watch.resumed(400).told(499, 'acquired', 2, second)))).toEqual([]);
    expect(
      brokenRules(story((watch) => watch.told(501, 'released', 1).told(502, 'acquired', 0.5, second))),
    ).toEqual(['watch']);
  });

  it('of several nodes may be told of an end a moment late, or of a grant, but not much later', () => {
    const order = (nodes: number, endMs: number): string[] => {
      const story = new Story().harness(0, { event: 'served-by', nodes });
      story.request('p1').requested(5).granted(10, 1).released(500);
      story.request('p2').requested(6).granted(501, 2).released(502);
      const watch = story.watch().watching(1).told(12, 'acquired', 1);
      watch.told(502, 'acquired', 2, { owner: 'p2' }).told(endMs, 'released', 1);
      watch.told(endMs, 'released', 2, { owner: 'p2' }).closed(20_000);
      return brokenRules(story);
    };
    expect(order(1, 503)).toEqual(['together']);
    expect(order(3, 503)).toEqual([]);
    expect(order(3, 1_503)).toEqual(['together']);
  });

  it('sees readers together, and permits within their number', () => {
    const together = (limit: number | null, mode: 'shared' | 'semaphore'): Story => {
      const story = new Story();
      const watch = story.watch().watching(1);
      for (const [i, owner] of ['p1', 'p2', 'p3'].entries()) {
        story
          .request(owner)
          .requested(5, { limit })
          .granted(10 + i, i + 1)
          .released(500 + i, limit === null);
        watch.told(10 + i, 'acquired', i + 1, { owner, mode });
      }
      for (const [i, owner] of ['p1', 'p2', 'p3'].entries())
        watch.told(501 + i, 'released', i + 1, { owner, mode });
      watch.closed(20_000);
      return story;
    };
    expect(brokenRules(together(null, 'shared'))).toEqual([]);
    expect(brokenRules(together(2, 'semaphore'))).toContain('together');
  });

  it('fails with no error but that it has no connection', () => {
    const failed = (code: string): Story =>
      new Story().note('w', 1, { event: 'watch-failed', watch: 'w/1', code, message: code });
    expect(brokenRules(failed('LOCK_CONNECTION'))).toEqual([]);
    expect(brokenRules(failed('TypeError'))).toEqual(['outcome']);
  });
});
