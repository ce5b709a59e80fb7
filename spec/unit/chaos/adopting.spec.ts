import { brokenRules } from '../../support/broken-rules.js';
import { Story, type Told } from '../../support/chaos-story.js';

/** p1 is granted the lock at 10 and hands it on at 100: from then on it lasts a second. */
function handedOn(story = new Story(), result: true | string = true): [Story, Told] {
  const lease = story.request('p1').requested(0).granted(10, 1).handedOn(100, result);
  return [story, lease];
}

function adopted(atMs: number, token = 1): [Story, Told, Told] {
  const [story, lease] = handedOn();
  const adoption = story
    .request('p2')
    .requested(atMs, { adopts: lease.id })
    .granted(atMs + 10, token);
  return [story, adoption, lease];
}

/** Somebody else is granted the lock. */
function next(story: Story, atMs: number): Story {
  story
    .request('p3')
    .requested(5)
    .granted(atMs, 9)
    .released(atMs + 10);
  return story;
}

describe('a lease that is handed on', () => {
  it('is adopted, and given back there', () => {
    const [story, adoption] = adopted(200);
    adoption.worked(211, 500).renewed(300).released(1_200);
    expect(brokenRules(next(story, 1_201))).toEqual([]);
  });

  it('counts once, whoever has it', () => {
    const story = new Story();
    const lease = story.request('p1').requested(0, { want: 2, limit: 3 }).granted(10, 1).handedOn(100, true);
    story.request('p3').requested(5, { want: 1, limit: 3 }).granted(20, 2).released(30);
    story.request('p2').requested(150, { want: 2, limit: 3, adopts: lease.id }).granted(160, 1).released(200);
    expect(brokenRules(story)).toEqual([]);
  });

  it('keeps the others out on its way, for a ttl', () => {
    expect(brokenRules(next(handedOn()[0], 1_095))).toEqual(['together']);
    expect(brokenRules(next(handedOn()[0], 1_105))).toEqual([]);
  });

  it('keeps them out where it is adopted', () => {
    const [story, adoption] = adopted(200);
    adoption.renewed(800).released(1_500);
    expect(brokenRules(next(story, 1_400))).toEqual(['together']);
  });

  it('is not known to last where the way to hand it on failed', () => {
    const [story, lease] = handedOn(new Story(), 'LOCK_CONNECTION');
    lease.released(150);
    expect(brokenRules(next(story, 160))).toEqual([]);
  });

  it('is settled, whether somebody goes on with it or not', () => {
    expect(brokenRules(handedOn()[0])).toEqual([]);
  });

  it('is what others wait for until it ends', () => {
    const [story] = handedOn();
    story.request('p3').requested(20).waiting(30).granted(11_000, 2).released(11_010);
    expect(brokenRules(story)).toEqual([]);
    const [late] = handedOn();
    late.request('p3').requested(20).waiting(30).granted(11_200, 2).released(11_210);
    expect(brokenRules(late)).toEqual(['wake-up']);
  });

  it('is not handed on with an error that nobody is told to expect', () => {
    const [story, lease] = handedOn(new Story(), 'TypeError');
    lease.released(150);
    expect(brokenRules(story)).toEqual(['outcome']);
  });
});

describe('an adoption', () => {
  it('has the token of the lease', () => {
    const [story, adoption] = adopted(200, 2);
    adoption.released(300);
    expect(brokenRules(story)).toEqual(['tokens']);
  });

  it('happens once', () => {
    const [story, adoption, lease] = adopted(200);
    adoption.released(800);
    story.request('p3').requested(200, { adopts: lease.id }).granted(900, 1).released(910);
    expect(brokenRules(story)).toEqual(['together']);
  });

  it('does not revive a lease that was over when it was asked for', () => {
    const late = (atMs: number): Story => {
      const [story, adoption] = adopted(atMs);
      adoption.released(atMs + 20);
      return story;
    };
    expect(brokenRules(late(1_104))).toEqual([]);
    expect(brokenRules(late(1_108))).toEqual(['together']);
  });

  it('happens once also where leases can be held together', () => {
    const story = new Story();
    const shared = { limit: null };
    const lease = story.request('p1').requested(0, shared).granted(10, 1).handedOn(100);
    for (const process of ['p2', 'p3'])
      story
        .request(process)
        .requested(200, { ...shared, adopts: lease.id })
        .granted(210, 1)
        .released(300);
    expect(brokenRules(story)).toEqual(['together']);
  });

  it('may happen again when the server has forgotten the first', () => {
    const [story, adoption, lease] = adopted(200);
    story.fault('restart-with-loss', [300, 400], { lostSinceMs: 150 });
    adoption.aborted(450, 'forgotten-by-server').released(451, false);
    story.request('p3').requested(420, { adopts: lease.id }).granted(440, 1).released(460);
    expect(brokenRules(story)).toEqual([]);
  });

  it.each<[string, (story: Story, lease: Told) => unknown, string[]]>([
    ['nobody', () => undefined, ['early-end']],
    [
      'another that came before it',
      (story, lease) =>
        story.request('p3').requested(150, { adopts: lease.id }).granted(160, 1).released(170),
      [],
    ],
    [
      'a thief',
      (story) => story.request('p3').requested(150, { isSteal: true }).granted(160, 2).released(170),
      [],
    ],
    [
      'a server that has forgotten it',
      (story) => story.fault('restart-with-loss', [150, 190], { lostSinceMs: 50 }),
      [],
    ],
  ])('fails before the end of the lease because of %s', (_who, reason, broken) => {
    const [story, lease] = handedOn();
    story.request('p2').requested(200, { adopts: lease.id }).rejected(210, 'LOCK_LOST');
    reason(story, lease);
    expect(brokenRules(story)).toEqual(broken);
  });

  it('may fail when the lease is over, or the server does not answer', () => {
    for (const [code, atMs] of [
      ['LOCK_LOST', 1_090],
      ['LOCK_CONNECTION', 300],
    ] as const) {
      const [story, lease] = handedOn();
      story.request('p2').requested(200, { adopts: lease.id }).rejected(atMs, code);
      expect(brokenRules(story)).toEqual([]);
    }
  });

  it('fails with no other error; and only an adoption can find that the lease is lost', () => {
    const [story, lease] = handedOn();
    story.request('p2').requested(200, { adopts: lease.id }).rejected(300, 'LOCK_TIMEOUT');
    expect(brokenRules(story)).toEqual(['outcome']);
    const acquired = new Story();
    acquired.request('p2').requested(200).rejected(300, 'LOCK_LOST');
    expect(brokenRules(acquired)).toEqual(['outcome']);
  });

  it('passes nobody who waits: it has waited before', () => {
    const [story, adoption] = adopted(200);
    story.request('p3').requested(20).waiting(30).granted(510, 2).released(520);
    adoption.released(500);
    expect(brokenRules(story)).toEqual([]);
  });

  it('has its end told by its signal, as every lease', () => {
    const [story] = adopted(200);
    expect(brokenRules(story)).toEqual(['signal', 'wake-up']);
  });
});
