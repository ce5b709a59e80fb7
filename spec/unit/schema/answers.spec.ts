import { LockProtocolError } from '../../../lib/errors.js';
import { answersOf, isToken, takenAway } from '../../../lib/schema/answers.js';
import { MAX_TTL_MS, Refusal, Told, Was, Why } from '../../../lib/schema/constants.js';
import type { Operation } from '../../../lib/schema/operations.js';

const AT = 1_700_000_000_000_000;
const DUE = AT + 5_000_000;
const ROOM = 5;
const { gone, waiting, held, busy, refused, ended } = Told;

const about = { name: 'a', id: 'x'.repeat(32) };
const terms = { names: ['a'], id: about.id, number: 1, ttlMs: 5_000, units: 1, limit: 1 };
const TRY: Operation = { kind: 'try', terms };
const CHECK: Operation = { kind: 'check', ...about, isSure: false };
const RELEASE: Operation = { kind: 'release', ...about };

const one = (answer: unknown, operation: Operation): unknown =>
  answersOf([AT, ROOM, [answer]], [operation]).answers[0];

describe('an answer', () => {
  it.each<[string, unknown[], Operation, object]>([
    ['gone', [gone, 0], CHECK, { state: 'gone', why: undefined }],
    ['gone as stolen', [gone, Why.stolen], CHECK, { state: 'gone', why: 'stolen' }],
    ['gone as force-released', [gone, Why.forceReleased], CHECK, { state: 'gone', why: 'force-released' }],
    ['gone for a reason of a newer schema', [gone, 99], CHECK, { state: 'gone', why: undefined }],
    ['waiting', [waiting, DUE, 3], CHECK, { state: 'waiting', askAt: DUE, ahead: 3 }],
    ['held', [held, DUE, 42], CHECK, { state: 'held', due: DUE, token: 42 }],
    ['busy', [busy, DUE], TRY, { state: 'busy', due: DUE }],
    ['refused', [refused, Refusal.idInUse], TRY, { state: 'refused', code: Refusal.idInUse }],
    ['ended, held', [ended, Was.held, 42], RELEASE, { state: 'ended', was: 'held', token: 42 }],
    ['ended, waiting', [ended, Was.waiting], RELEASE, { state: 'ended', was: 'waiting' }],
    [
      'ended, waiting, and for whom',
      [ended, Was.waiting, 2, 'web-1', AT],
      RELEASE,
      { state: 'ended', was: 'waiting', inWay: { ahead: 2, holder: { owner: 'web-1', since: AT } } },
    ],
    [
      'ended, waiting, and nobody holds it',
      [ended, Was.waiting, 1, '', 0],
      RELEASE,
      { state: 'ended', was: 'waiting', inWay: { ahead: 1, holder: undefined } },
    ],
    ['ended, gone', [ended, Was.gone], RELEASE, { state: 'ended', was: 'gone' }],
    [
      'ended, and who was next has it',
      [ended, Was.held, 42, DUE, 43],
      RELEASE,
      { state: 'ended', was: 'held', token: 42, next: { due: DUE, token: 43 } },
    ],
  ])('is read: %s', (_state, answer, operation, read) => {
    expect(one(answer, operation)).toEqual(read);
  });

  it('may have parts that a newer schema adds at the end', () => {
    expect(one([waiting, DUE, 3, 99], CHECK)).toMatchObject({ state: 'waiting' });
  });

  it.each<[string, unknown, Operation]>([
    ['nothing', undefined, CHECK],
    ['nil', null, CHECK],
    ['a text', 'held', CHECK],
    ['a map', { state: held }, CHECK],
    ['an empty list', [], CHECK],
    ['a state alone', [held], CHECK],
    ['an unknown state', [9, DUE, 42], CHECK],
    ['a state as text', ['2', DUE, 42], CHECK],
    ['held without a fencing token', [held, DUE], CHECK],
    ['a lease that is over', [held, AT, 42], CHECK],
    ['a lease that is longer than any', [held, AT + MAX_TTL_MS * 1000 + 1, 42], CHECK],
    ['a token of nothing', [held, DUE, 0], CHECK],
    ['a negative token', [held, DUE, -5], CHECK],
    ['a token of next week', [held, DUE, AT + 7 * 86_400_000_000], CHECK],
    ['a token too large to be exact', [held, DUE, 2 ** 53], CHECK],
    ['waiting behind fewer than nobody', [waiting, DUE, -1], CHECK],
    ['waiting without a place', [waiting, DUE], CHECK],
    ['a time that is no number', [held, 'now', 42], CHECK],
    ['NaN', [held, NaN, 42], CHECK],
    ['a fraction', [held, DUE + 0.5, 42], CHECK],
    ['a bigint', [held, BigInt(DUE), 42], CHECK],
    ['a list within', [[held, DUE, 42]], CHECK],
    ['busy to who only asked', [busy, DUE], CHECK],
    ['ended to who only asked', [ended, Was.held, 42], CHECK],
    ['held to who released', [held, DUE, 42], RELEASE],
    ['an end that is none', [ended, 7], RELEASE],
    ['the end of a lease without its token', [ended, Was.held], RELEASE],
    ['the end of a lease with a token of nothing', [ended, Was.held, 0], RELEASE],
    ['a lease of the next that is over', [ended, Was.held, 42, AT, 43], RELEASE],
    ['a lease of the next without a token', [ended, Was.held, 42, DUE, 0], RELEASE],
    ['a lease of the next that is no number', [ended, Was.held, 42, 'now', 43], RELEASE],
    ['a refusal that is none of ours', [refused, -54], TRY],
  ])('that is none is a LockProtocolError: %s', (_what, answer, operation) => {
    expect(() => one(answer, operation)).toThrow(LockProtocolError);
  });
});

describe('answers', () => {
  it('come with the time and the room, however large its id', () => {
    const room = 2n ** 62n;
    expect(answersOf([AT, room, []], [])).toEqual({ at: AT, room, answers: [] });
  });

  it.each<[string, unknown]>([
    ['no list', null],
    ['too few parts', [AT, ROOM]],
    ['too many parts', [AT, ROOM, [], 1]],
    ['a time that is none', ['now', ROOM, []]],
    ['a room that is none', [AT, 'room', []]],
    ['no answers', [AT, ROOM, null]],
    ['more than were asked', [AT, ROOM, [[gone, 0]]]],
  ])('that are none are a LockProtocolError: %s', (_what, reply) => {
    expect(() => answersOf(reply, [])).toThrow(LockProtocolError);
  });
});

it('a token may be ahead of the clock, as after many grants in a moment, but not by a day', () => {
  expect(isToken(AT + 1_000, AT)).toBe(true);
  expect(isToken(AT + 86_400_000_001, AT)).toBe(false);
});

it('takenAway reads the reasons for which a lease is ended against the will of its holder, and no other', () => {
  expect(takenAway(Why.stolen)).toBe('stolen');
  expect(takenAway(Why.forceReleased)).toBe('force-released');
  for (const other of [0, 3, -1, undefined, null, '1', true]) expect(takenAway(other)).toBeUndefined();
});
