import { ServerError } from '../../../lib/client/server-error.js';
import { LockProtocolError } from '../../../lib/errors.js';
import { ServerClock } from '../../../lib/internal/server-clock.js';
import { Refusal, TicketState } from '../../../lib/schema/constants.js';
import { LockProcedures } from '../../../lib/schema/lock-procedures.js';

const AT = 1_700_000_000_000_000;
const REQUEST = { name: "it's", id: 'an-unguessable-id', number: 3, ttlMs: 1000 };

function procedures(reply: unknown) {
  const run = jest.fn<Promise<unknown>, [string, unknown[]]>(() => Promise.resolve(reply));
  const clock = new ServerClock();
  return { run, clock, typed: new LockProcedures(run, clock, { inbox: 'an-inbox-id-here', owner: 'me' }) };
}

it.each(['acquire', 'try'] as const)('%s sends the name as an argument, never as code', async (method) => {
  const { run, typed } = procedures([TicketState.held, AT, AT + 1_000_000, 42, 0, 5]);
  const told = await typed[method](REQUEST);
  expect(told.value).toMatchObject({ state: 'held', token: 42 });
  expect(run.mock.calls).toEqual([
    [`lock_${method}`, ["it's", 'an-unguessable-id', 3, 'an-inbox-id-here', 1000, 'me']],
  ]);
});

it('an answer says when it was asked for and told, and sets the clock', async () => {
  const { typed, clock } = procedures([TicketState.gone, AT]);
  const beforeMs = performance.now();
  const { sentMs, receivedMs } = await typed.acquire(REQUEST);
  expect(sentMs).toBeGreaterThanOrEqual(beforeMs);
  expect(receivedMs).toBeGreaterThanOrEqual(sentMs);
  expect(clock.earliest(AT)).toBe(sentMs);
});

it('check and extend give each its own answer, in the order asked', async () => {
  const reply = [
    [TicketState.gone, AT],
    [TicketState.held, AT, AT + 5, 42],
  ];
  const { run, typed } = procedures(reply);
  expect((await typed.check(['a', 'b'])).value.map(({ state }) => state)).toEqual(['gone', 'held']);
  const leases = [['a', 500] as const, ['b', 600] as const];
  expect((await typed.extend(leases)).value.map(({ state }) => state)).toEqual(['gone', 'held']);
  expect(run.mock.calls).toEqual([
    ['lock_check', [['a', 'b'], false]],
    ['lock_extend', [leases]],
  ]);
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
    ];
    for (const call of calls) {
      const error: unknown = await call().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(LockProtocolError);
      expect((error as Error).cause).toBe(refusal);
    }
  },
);
