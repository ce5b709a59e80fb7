import { LockProtocolError } from '../../../lib/errors.js';
import { TicketState, Why } from '../../../lib/schema/constants.js';
import { listOf, numbers, takenAway, ticketStatus } from '../../../lib/schema/ticket-status.js';

const AT = 1_700_000_000_000_000;
const DUE = AT + 5_000_000;
const { gone, waiting, held, busy } = TicketState;

describe('ticketStatus', () => {
  it.each<[string, unknown[], object]>([
    ['gone', [gone, AT, 0], { state: 'gone', at: AT, why: undefined }],
    ['gone as stolen', [gone, AT, Why.stolen], { state: 'gone', at: AT, why: 'stolen' }],
    [
      'gone as force-released',
      [gone, AT, Why.forceReleased],
      { state: 'gone', at: AT, why: 'force-released' },
    ],
    ['gone for a reason of a newer schema', [gone, AT, 99], { state: 'gone', at: AT, why: undefined }],
    ['gone for no reason', [gone, AT], { state: 'gone', at: AT, why: undefined }],
    ['busy', [busy, AT, DUE], { state: 'busy', at: AT, due: DUE }],
    ['held', [held, AT, DUE, 42, 0, 5], { state: 'held', at: AT, due: DUE, token: 42, room: 5 }],
    ['waiting', [waiting, AT, DUE, 0, 3, 5], { state: 'waiting', at: AT, due: DUE, ahead: 3, room: 5 }],
  ])('reads %s', (_state, reply, read) => {
    expect(ticketStatus(reply)).toEqual(read);
  });

  it('takes parts that a newer schema adds at the end', () => {
    expect(ticketStatus([waiting, AT, DUE, 0, 3, 5, 99])).toMatchObject({ state: 'waiting', room: 5 });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['nil', null],
    ['a text', 'held'],
    ['a map', { state: held, at: AT }],
    ['an empty list', []],
    ['a state alone', [held]],
    ['an unknown state', [9, AT, DUE, 42, 0, 5]],
    ['no state', [null, AT, DUE]],
    ['a state as text', ['2', AT, DUE, 42]],
    ['held without an end', [held, AT]],
    ['held without a fencing token', [held, AT, DUE]],
    ['held without a room', [held, AT, DUE, 42, 0]],
    ['waiting without a room', [waiting, AT, DUE, 0, 3]],
    ['busy without an end', [busy, AT]],
    ['a time that is no number', [held, 'now', DUE, 42]],
    ['NaN', [held, AT, NaN, 42]],
    ['Infinity', [held, AT, Infinity, 42]],
    ['a fraction', [held, AT, DUE + 0.5, 42]],
    ['a fencing token too large to be exact', [held, AT, DUE, 2 ** 53]],
    ['a bigint', [held, BigInt(AT), DUE, 42]],
    ['a list within', [[held, AT, DUE, 42]]],
  ])('refuses %s as LockProtocolError', (_what, reply) => {
    expect(() => ticketStatus(reply)).toThrow(LockProtocolError);
  });

  it('says what the server answered', () => {
    expect(() => ticketStatus([held, 'tomorrow'])).toThrow(/tomorrow/);
  });

  it('refuses what cannot be shown as JSON no less', () => {
    const circular: unknown[] = [];
    circular.push(circular, 1n);
    expect(() => ticketStatus(circular)).toThrow(LockProtocolError);
  });
});

describe('listOf', () => {
  it('takes a list as long as what was asked', () => {
    expect(listOf([1, 'a'], 2)).toEqual([1, 'a']);
  });

  it.each([[[]], [[1]], [[1, 2, 3]], [null], ['ab'], [{ length: 2 }]])('refuses %p for two', (reply) => {
    expect(() => listOf(reply, 2)).toThrow(LockProtocolError);
  });
});

describe('numbers', () => {
  it.each([[null], [5], [['1']], [[1, null]], [[NaN]], [[2 ** 60]]])('refuses %p', (reply) => {
    expect(() => numbers(reply)).toThrow(LockProtocolError);
  });
});

describe('takenAway', () => {
  it('reads the reasons for which a lease is ended against the will of its holder, and no other', () => {
    expect(takenAway(Why.stolen)).toBe('stolen');
    expect(takenAway(Why.forceReleased)).toBe('force-released');
    for (const other of [0, 3, -1, undefined, null, '1', true]) expect(takenAway(other)).toBeUndefined();
  });
});
