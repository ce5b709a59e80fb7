import { LockProtocolError } from '../../../lib/errors.js';
import { listOf, numbers, roomId } from '../../../lib/schema/replies.js';

describe('listOf', () => {
  it('takes a list as long as what was asked', () => {
    expect(listOf([1, 'a'], 2)).toEqual([1, 'a']);
  });

  it.each([[[]], [[1]], [[1, 2, 3]], [null], ['ab'], [{ length: 2 }]])('refuses %p for two', (reply) => {
    expect(() => listOf(reply, 2)).toThrow(LockProtocolError);
  });

  it('refuses what cannot be shown as JSON no less', () => {
    const circular: unknown[] = [];
    circular.push(circular, 1n);
    expect(() => listOf(circular, 3)).toThrow(LockProtocolError);
  });
});

describe('numbers', () => {
  it.each([[null], [5], [['1']], [[1, null]], [[NaN]], [[2 ** 60]], [[5n]]])('refuses %p', (reply) => {
    expect(() => numbers(reply)).toThrow(LockProtocolError);
  });

  it('says what the server answered', () => {
    expect(() => numbers(['tomorrow'])).toThrow(/tomorrow/);
  });
});

describe('roomId', () => {
  it.each([[0], [7], [2 ** 53 - 1], [2n ** 62n]])('takes %p', (id) => {
    expect(roomId(id)).toBe(id);
  });

  it.each([[-1], [-1n], [2 ** 53], [0.5], ['7'], [null]])('refuses %p', (id) => {
    expect(() => roomId(id)).toThrow(LockProtocolError);
  });
});
