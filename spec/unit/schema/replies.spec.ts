import { LockProtocolError } from '../../../lib/errors.js';
import { listOf, numbers, roomId, unexpected } from '../../../lib/schema/replies.js';

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

describe('an answer that does not fit', () => {
  const large = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`key-${i}`, i]));

  it.each<[string, unknown, string]>([
    ['a short list', [1, 'two', [3n, null]], "[1, 'two', [3n, null]]"],
    ['a long list', Array(1_000).fill(7), '[7, 7, 7, 7, 7, 7, 7, 7, ... 992 more]'],
    ['a list of lists of lists', [[[1]]], '[[[...]]]'],
    ['a small object', { a: 1, b: large }, "{ 'a', 'b' }"],
    ['a list of large objects', [large, large], '[{...}, {...}]'],
  ])('is shown in short: %s', (_what, reply, shown) => {
    expect(unexpected(reply).message).toMatch(/^the server gave an answer that does not fit the schema: /);
    expect(unexpected(reply).message.endsWith(`: ${shown}`)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a text', 'x'.repeat(1e6)],
    ['a list of texts', Array(64).fill('x'.repeat(1e4))],
    ['lists of texts', Array(64).fill(Array(64).fill('x'.repeat(1e4)))],
    ['an object', large],
    ['an object with long keys', { ['x'.repeat(1e4)]: 1, ['y'.repeat(1e4)]: 2 }],
    ['bytes', Buffer.alloc(1e5)],
    ['a number', 10n ** 5_000n],
  ])('makes no long message, however large it is: %s', (_what, reply) => {
    const { message } = unexpected(reply);
    expect(message.length).toBeLessThanOrEqual(560);
    expect(message).not.toContain('key-9');
  });
});
