import { ServerError } from '../../../lib/client/server-error.js';
import type { CallOptions } from '../../../lib/connection/calls.js';
import { LockProtocolError } from '../../../lib/errors.js';
import { ServerClock } from '../../../lib/internal/server-clock.js';
import { Refusal, TicketState } from '../../../lib/schema/constants.js';
import { LockProcedures } from '../../../lib/schema/lock-procedures.js';
import type { TicketStatus } from '../../../lib/schema/ticket-status.js';

const AT = 1_700_000_000_000_000;
const REQUEST = {
  names: ["it's", "'); del_collection('lock'); //"],
  id: 'an-unguessable-id',
  number: 3,
  ttlMs: 1000,
  want: 2,
  limit: 5,
};

function procedures(reply: unknown) {
  const run = jest.fn<Promise<unknown>, [string, unknown[], CallOptions?]>(() => Promise.resolve(reply));
  const clock = new ServerClock();
  return { run, clock, typed: new LockProcedures(run, clock, { inbox: 'an-inbox-id-here', owner: 'me' }) };
}

const { names, id } = REQUEST;
const HELD = [TicketState.held, AT, AT + 1_000_000, 42, 0, 5];

it.each<[string, (typed: LockProcedures) => Promise<{ value: TicketStatus }>, unknown[]]>([
  ['acquire', (typed) => typed.acquire(REQUEST), [false]],
  ['acquire', (typed) => typed.acquire(REQUEST, true), [true]],
  ['try', (typed) => typed.try(REQUEST), []],
])('%s sends the names as an argument, never as code', async (procedure, call, how) => {
  const { run, typed } = procedures(HELD);
  expect((await call(typed)).value).toMatchObject({ state: 'held', token: 42, room: 5 });
  expect(run.mock.calls).toEqual([
    [`lock_${procedure}`, [names, id, 3, 'an-inbox-id-here', 1000, 'me', 2, 5, ...how], { needsJoin: true }],
  ]);
});

it('adopt moves a lease from the id it had to that of the new request, in the own inbox', async () => {
  const { run, typed, clock } = procedures(HELD);
  const told = await typed.adopt('the-id-that-it-had', REQUEST);
  expect(told.value).toMatchObject({ state: 'held', token: 42 });
  expect(run.mock.calls).toEqual([
    ['lock_adopt', ['the-id-that-it-had', id, 3, 'an-inbox-id-here', 'me'], { needsJoin: true }],
  ]);
  expect(clock.earliest(AT)).toBe(told.sentMs);
});

it('query asks for one name, or for a page of them', async () => {
  const entry = ['a', true, 1, 1, 'someone', AT - 5_000_000, AT + 1_500_000, 42, 0];
  const { run, typed } = procedures([AT, 'b', [entry]]);
  expect(await typed.query('a')).toEqual({
    entries: [expect.objectContaining({ name: 'a', leftMs: 1500, token: 42 })],
    next: 'b',
  });
  expect((await typed.query(null, 'x', 7)).next).toBe('b');
  expect(run.mock.calls).toEqual([
    ['lock_query', ['a', '', 1]],
    ['lock_query', [null, 'x', 7]],
  ]);
});

it('query has no next page after the last', async () => {
  expect(await procedures([AT, null, []]).typed.query(null, '', 100)).toEqual({
    entries: [],
    next: undefined,
  });
});

it.each<[string, (typed: LockProcedures) => Promise<unknown>, unknown, unknown[], unknown]>([
  ['lock_force_release', (typed) => typed.forceRelease("it's"), 3, ["it's"], 3],
  ['lock_ask', (typed) => typed.requestRelease("it's"), 2, ["it's", 'me'], 2],
  ['lock_watch', (typed) => typed.watch(['a', 'b']), [7, 8], [['a', 'b']], [7, 8]],
  ['lock_keep', (typed) => typed.keep([[id, 500]]), [TicketState.held], [[[id, 500]]], [true]],
  ['lock_withdraw', (typed) => typed.withdraw([id]), [TicketState.waiting], [[id]], [false]],
  ['lock_close', (typed) => typed.close(), null, ['an-inbox-id-here'], undefined],
])('%s is called with its arguments, and its answer is read', async (procedure, call, reply, args, read) => {
  const { run, typed } = procedures(reply);
  expect(await call(typed)).toEqual(read);
  expect(run.mock.calls.map(([called, given]) => [called, given])).toEqual([[procedure, args]]);
  // What is told in a room needs the right to join it.
  expect(run.mock.calls[0]?.[2]?.needsJoin ?? false).toBe(procedure === 'lock_watch');
});

it('an answer says when it was asked for and told, and sets the clock', async () => {
  const { typed, clock } = procedures([TicketState.gone, AT]);
  const beforeMs = performance.now();
  const { sentMs, receivedMs } = await typed.acquire(REQUEST);
  expect(sentMs).toBeGreaterThanOrEqual(beforeMs);
  expect(receivedMs).toBeGreaterThanOrEqual(sentMs);
  expect(clock.earliest(AT)).toBe(sentMs);
});

it('check, extend and handOn give each its own answer, in the order asked', async () => {
  const reply = [
    [TicketState.gone, AT],
    [TicketState.held, AT, AT + 5, 42, 0, 5],
  ];
  const { run, typed } = procedures(reply);
  expect((await typed.check(['a', 'b'])).value.map(({ state }) => state)).toEqual(['gone', 'held']);
  const leases = [['a', 500] as const, ['b', 600] as const];
  expect((await typed.extend(leases)).value.map(({ state }) => state)).toEqual(['gone', 'held']);
  expect(run.mock.calls).toEqual([
    ['lock_check', [['a', 'b'], false]],
    ['lock_extend', [leases]],
  ]);
  expect((await typed.handOn(leases)).value.map(({ state }) => state)).toEqual(['gone', 'held']);
  expect(run.mock.calls.at(-1)).toEqual(['lock_hand_on', [leases]]);
});

it('release tells who held the lock until now: neither waiting nor expired is held', async () => {
  const { typed } = procedures([TicketState.held, TicketState.waiting, TicketState.gone]);
  expect(await typed.release(['a', 'b', 'c'])).toEqual([true, false, false]);
});

it.each<[string, unknown, (typed: LockProcedures) => Promise<unknown>]>([
  ['too few statuses', [], (typed) => typed.check(['a'])],
  [
    'too many statuses',
    [
      [0, AT],
      [0, AT],
    ],
    (typed) => typed.extend([['a', 1]]),
  ],
  ['a status that is none', ['held'], (typed) => typed.check(['a'])],
  ['too few states', [2], (typed) => typed.release(['a', 'b'])],
  ['no states', null, (typed) => typed.release(['a'])],
  ['a number for a bool', 1, (typed) => typed.isLocked('a')],
  ['nil for a bool', null, (typed) => typed.isLocked('a')],
  ['a text for a status', 'ok', (typed) => typed.acquire(REQUEST)],
  ['a status without a room', HELD.slice(0, 5), (typed) => typed.adopt('an-id', REQUEST)],
  ['too many states', [2, 2], (typed) => typed.keep([['a', 1]])],
  ['nil for a number', null, (typed) => typed.forceRelease('a')],
  ['a text for a number', '3', (typed) => typed.requestRelease('a')],
  ['a list for a number', [3], (typed) => typed.forceRelease('a')],
  ['too few rooms', [7], (typed) => typed.watch(['a', 'b'])],
  ['rooms that are none', ['room'], (typed) => typed.watch(['a'])],
  ['a page that is no list', null, (typed) => typed.query('a')],
  ['a page without entries', [AT, null], (typed) => typed.query('a')],
  ['a page whose entries are no list', [AT, null, 5], (typed) => typed.query('a')],
  ['a page whose time is no number', ['now', null, []], (typed) => typed.query('a')],
  ['a page whose next is no name', [AT, 5, []], (typed) => typed.query('a')],
  ['a page with an entry that is none', [AT, null, [['a']]], (typed) => typed.query('a')],
])('%s in the answer is a LockProtocolError', async (_what, reply, call) => {
  await expect(call(procedures(reply).typed)).rejects.toBeInstanceOf(LockProtocolError);
});

it.each(Object.entries(Refusal))(
  'a refusal by a procedure, %s, is a LockProtocolError of that cause',
  async (_name, code) => {
    const refusal = new ServerError({ error_code: code, error_msg: 'no' });
    const { run, typed } = procedures(null);
    run.mockRejectedValue(refusal);
    const calls: (() => Promise<unknown>)[] = [
      () => typed.acquire(REQUEST),
      () => typed.try(REQUEST),
      () => typed.check(['a']),
      () => typed.extend([['a', 1]]),
      () => typed.release(['a']),
      () => typed.isLocked('a'),
      () => typed.keep([['a', 1]]),
      () => typed.adopt('a', REQUEST),
      () => typed.handOn([['a', 1]]),
      () => typed.query('a'),
      () => typed.watch(['a']),
      () => typed.forceRelease('a'),
      () => typed.requestRelease('a'),
    ];
    for (const call of calls) {
      const error: unknown = await call().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(LockProtocolError);
      expect((error as Error).cause).toBe(refusal);
    }
  },
);
