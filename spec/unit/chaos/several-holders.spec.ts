import { brokenRules } from '../../support/broken-rules.js';
import { Story } from '../../support/chaos-story.js';

const SHARED = { limit: null };
const permits = (want: number, limit: number): { want: number; limit: number } => ({ want, limit });

interface Kind {
  readonly want?: number;
  readonly limit: number | null;
}
const LOCK: Kind = { limit: 1 };

/** Each is granted what it wants 100 ms after the one before, and all are released after that, in the same order. */
function heldAtOnce(...kinds: readonly Kind[]): Story {
  const story = new Story();
  kinds.forEach((kind, i) => {
    const atMs = 100 * (i + 1);
    story
      .request(`p${i}`)
      .requested(i, kind)
      .granted(atMs, i + 1)
      .released(900 + 10 * i);
  });
  return story;
}

describe('leases of one name', () => {
  it.each<[string, Kind[]]>([
    ['shared ones', [SHARED, SHARED, SHARED]],
    ['permits, as many as there are', [permits(2, 3), permits(1, 3)]],
    ['permits of a growing semaphore, within the least that is known', [permits(1, 2), permits(1, 5)]],
    ['shared ones beside a permit, within its limit', [SHARED, permits(1, 2)]],
  ])('may be held together: %s', (_what, kinds) => {
    expect(brokenRules(heldAtOnce(...kinds))).toEqual([]);
  });

  it.each<[string, Kind[]]>([
    ['a lock and another', [LOCK, LOCK]],
    ['a shared one and a lock', [SHARED, LOCK]],
    ['a lock and a shared one', [LOCK, SHARED]],
    ['a lock and a shared one, after a shared one', [SHARED, SHARED, LOCK]],
    ['more permits than there are', [permits(2, 3), permits(2, 3)]],
    ['one permit more than there are', [permits(1, 2), permits(1, 2), permits(1, 2)]],
    ['more than an earlier limit that is still held under', [permits(2, 2), permits(1, 5)]],
    ['more than a later limit', [permits(2, 5), permits(1, 2)]],
    ['shared ones beyond the limit of a permit', [SHARED, SHARED, permits(1, 2)]],
  ])('break the rule when they are held together: %s', (_what, kinds) => {
    expect(brokenRules(heldAtOnce(...kinds))).toEqual(['together']);
  });

  it('break it also where one that has expired was there between them', () => {
    const story = new Story();
    story.request('p0').requested(0, SHARED).granted(10, 1).released(900);
    story.request('p1').requested(0, SHARED).granted(20, 2, 100).aborted(119).released(120, false);
    story.request('p2').requested(0, LOCK).granted(500, 3).released(600);
    expect(brokenRules(story)).toEqual(['together']);
  });

  it('may be worked under at once where they may be held together', () => {
    const work = (second: Kind): Story => {
      const story = new Story();
      story.request('p0').requested(0, SHARED).granted(10, 1).worked(11, 800).released(800);
      story.request('p1').requested(0, second).granted(20, 2).worked(21, 700).released(700);
      return story;
    };
    expect(brokenRules(work(SHARED))).toEqual([]);
    expect(brokenRules(work(LOCK))).toEqual(['section', 'together']);
  });
});

describe('a lease of several names', () => {
  /** The first has a and b, the second another two from when the first still holds. */
  function second(...names: string[]): Story {
    const story = new Story();
    story.request('p0', 'a', 'b').requested(0).granted(10, 1).released(900);
    story
      .request('p1', ...names)
      .requested(0)
      .granted(20, 2)
      .released(800);
    return story;
  }

  it('excludes others of each of its names', () => {
    expect(brokenRules(second('b', 'c'))).toEqual(['together']);
    expect(brokenRules(second('a'))).toEqual(['together']);
  });

  it('excludes nobody else', () => {
    expect(brokenRules(second('c', 'd'))).toEqual([]);
  });

  it('has a token that grows for each of its names', () => {
    const story = new Story();
    story.request('p0', 'b').requested(0).granted(10, 2).released(11);
    story.request('p1', 'a', 'b').requested(20).granted(30, 1).released(31);
    expect(brokenRules(story)).toContain('tokens');
  });
});

describe('the queue of a name', () => {
  /** The first waits from 10, the second is sent after that and granted before it. */
  function overtaken(first: Kind, second: Kind, names = [['a'], ['a']]): Story {
    const story = new Story();
    const [ofFirst = [], ofSecond = []] = names;
    story
      .request('p1', ...ofFirst)
      .requested(0, first)
      .waiting(10)
      .granted(300, 3)
      .released(310);
    story
      .request('p2', ...ofSecond)
      .requested(11, second)
      .waiting(30)
      .granted(200, 2)
      .released(210);
    return story;
  }

  it.each<[string, Kind, Kind]>([
    ['a lock by a shared one', LOCK, SHARED],
    ['a shared one by a shared one', SHARED, SHARED],
    ['many permits by few', permits(3, 3), permits(1, 3)],
  ])('is broken by a grant that passes one who waits: %s', (_what, first, next) => {
    expect(brokenRules(overtaken(first, next))).toEqual(['fifo']);
  });

  it('is one for each of several names', () => {
    expect(brokenRules(overtaken(LOCK, LOCK, [['a', 'b'], ['b']]))).toEqual(['fifo']);
    expect(brokenRules(overtaken(LOCK, LOCK, [['a', 'b'], ['c']]))).toEqual([]);
  });
});

describe('one who waits for long', () => {
  const LONG_MS = 10_500;

  /** Holds from 10 until long after. */
  function withHolder(kind: Kind, ...names: string[]): Story {
    const story = new Story();
    const holder = story
      .request('p0', ...names)
      .requested(0, kind)
      .granted(10, 1);
    for (let atMs = 500; atMs < LONG_MS; atMs += 500) holder.renewed(atMs);
    holder.released(LONG_MS);
    return story;
  }

  function waits(story: Story, kind: Kind, names: string[], sentMs = 12): Story {
    story
      .request('p1', ...names)
      .requested(sentMs, kind)
      .waiting(sentMs + 1)
      .granted(LONG_MS + 50, 9)
      .released(LONG_MS + 60);
    return story;
  }

  it('has been forgotten when it could have had its permits', () => {
    expect(brokenRules(waits(withHolder(permits(2, 3), 'a'), permits(1, 3), ['a']))).toEqual(['wake-up']);
    expect(brokenRules(waits(withHolder(permits(2, 3), 'a'), permits(2, 3), ['a']))).toEqual([]);
  });

  it('has been forgotten when what is held is shared, as what it wants', () => {
    expect(brokenRules(waits(withHolder(SHARED, 'a'), SHARED, ['a']))).toEqual(['wake-up']);
    expect(brokenRules(waits(withHolder(SHARED, 'a'), LOCK, ['a']))).toEqual([]);
  });

  it('may wait for one of several names', () => {
    expect(brokenRules(waits(withHolder(LOCK, 'b'), LOCK, ['a', 'b']))).toEqual([]);
    expect(brokenRules(waits(withHolder(LOCK, 'c'), LOCK, ['a', 'b']))).toEqual(['wake-up']);
  });

  it('may wait behind one that waits for another name, but not behind one that came later', () => {
    const behind = (sentMs: number): Story => {
      const story = waits(withHolder(LOCK, 'b'), LOCK, ['a', 'b']);
      story
        .request('p2', 'a')
        .requested(sentMs)
        .waiting(sentMs + 20)
        .granted(LONG_MS + 70, 10)
        .released(LONG_MS + 80);
      return story;
    };
    expect(brokenRules(behind(100))).toEqual([]);
    expect(brokenRules(behind(-30))).toContain('wake-up');
  });
});
