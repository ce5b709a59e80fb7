import { ServerError } from '../../../lib/client/server-error.js';
import { LockProtocolError } from '../../../lib/errors.js';
import { Refusal, Told, Was } from '../../../lib/schema/constants.js';
import { LockProcedures, type Reply } from '../../../lib/schema/lock-procedures.js';
import type { Operation } from '../../../lib/schema/operations.js';

const AT = 1_700_000_000_000_000;
const ROOM = 5;
const INBOX = 'an-inbox-id-here';
const id = 'an-unguessable-id-of-32-bytes---';
const name = "'); del_collection('lock'); //";
const TERMS = { names: ["it's", name], id, number: 3, ttlMs: 1000, units: 2, limit: 5 };
const HELD = [Told.held, AT + 1_000_000, 42];

/** In the past. */
const SENT_MS = 1;

function procedures(value: unknown, wasRepeated = false) {
  const run = jest.fn<Promise<Reply>, [string, unknown[]]>(() =>
    Promise.resolve({ value, sentMs: SENT_MS, wasRepeated }),
  );
  return { run, typed: new LockProcedures(run, { inbox: INBOX, owner: 'me' }) };
}

it.each<[Operation, unknown[], unknown]>([
  [{ kind: 'acquire', terms: TERMS }, ['acquire', id, 3, TERMS.names, 1000, 2, 5], HELD],
  [{ kind: 'try', terms: { ...TERMS, names: [name] } }, ['try', id, 3, name, 1000, 2, 5], HELD],
  [{ kind: 'check', name, id, isSure: true }, ['check', name, id, true], HELD],
  [{ kind: 'acknowledge', name, id }, ['acknowledge', name, id], HELD],
  [{ kind: 'extend', name, id, ttlMs: 500, turn: 2 }, ['extend', name, id, 500, 2], HELD],
  [{ kind: 'transfer', name, id, ttlMs: 500, turn: 2 }, ['transfer', name, id, 500, 2], HELD],
  [{ kind: 'release', name, id }, ['release', name, id], [Told.ended, Was.held, 42]],
  [
    { kind: 'release', name, id, next: { id: 'n', number: 4 } },
    ['release', name, id, 'n'],
    [Told.ended, Was.held, 41, AT + 1_000_000, 42],
  ],
  [{ kind: 'withdraw', name, id }, ['withdraw', name, id], [Told.ended, Was.gone]],
  [{ kind: 'keep', name, id, ms: 500 }, ['keep', name, id, 500], [Told.ended, Was.held, 42]],
  [{ kind: 'adopt', name, id, newId: 'n', number: 4 }, ['adopt', name, id, 'n', 4], HELD],
])('sends %j as arguments, never as code', async (operation, sent, answer) => {
  const { run, typed } = procedures([AT, ROOM, [answer]]);
  await typed.batch([operation]);
  // Only what may be told by a message in a room needs the right to join one.
  const needsJoin = ['acquire', 'try', 'adopt'].includes(operation.kind);
  const procedure = operation.kind === 'try' ? 'lock_batch' : 'lock_change';
  const how = needsJoin ? { needsJoin } : undefined;
  expect(run.mock.calls).toEqual([[procedure, [null, INBOX, 'me', [sent]], how]]);
});

it('gives each operation its own answer, in the order asked', async () => {
  const { typed } = procedures([
    AT,
    ROOM,
    [HELD, [Told.refused, Refusal.badArgument], [Told.ended, Was.waiting]],
  ]);
  const { answers, at, room } = await typed.batch([
    { kind: 'acquire', terms: TERMS },
    { kind: 'check', name, id, isSure: false },
    { kind: 'release', name, id },
  ]);
  expect(answers.map(({ state }) => state)).toEqual(['held', 'refused', 'ended']);
  expect([at, room]).toEqual([AT, ROOM]);
});

it('asks for a change where there may be one, and for a read where there is none', async () => {
  const { run, typed } = procedures([AT, ROOM, []]);
  const question = { kind: 'check', name, id, isSure: false } as const;
  const batches: Operation[][] = [[], [question], [question, { kind: 'release', name, id }]];
  for (const operations of batches) await typed.batch(operations).catch(() => undefined);
  expect(run.mock.calls.map(([procedure]) => procedure)).toEqual(['lock_batch', 'lock_batch', 'lock_change']);
});

it.each([-57, -63])(
  'asks for a change that is not announced when the node takes no more futures (%i)',
  async (code) => {
    const { run, typed } = procedures([AT, ROOM, [HELD]]);
    const cause = new ServerError({ error_code: code, error_msg: 'too many' });
    run.mockRejectedValueOnce(new LockProtocolError('too many futures', { cause }));
    const [answer] = (await typed.batch([{ kind: 'try', terms: TERMS }])).answers;
    expect(answer).toMatchObject({ state: 'held', token: 42 });
    expect(run.mock.calls.map(([procedure]) => procedure)).toEqual(['lock_batch', 'lock_change']);
    const [announced = [], again] = run.mock.calls.map(([, args]) => args);
    expect(again).toEqual([...announced, null]);
  },
);

it('steals by a procedure of its own, which can be refused', async () => {
  const { run, typed } = procedures([AT, ROOM, [HELD]]);
  expect((await typed.steal(TERMS)).answers).toMatchObject([{ state: 'held', token: 42 }]);
  expect(run.mock.calls).toEqual([
    ['lock_steal', [INBOX, 'me', ['acquire', id, 3, TERMS.names, 1000, 2, 5]], { needsJoin: true }],
  ]);
});

it('an answer says when it was asked for and told, and whether it was sent again', async () => {
  const { typed } = procedures([AT, 0, []], true);
  const { sentMs, receivedMs, wasRepeated } = await typed.batch([]);
  expect(sentMs).toBe(SENT_MS);
  expect(receivedMs).toBeGreaterThanOrEqual(sentMs);
  expect(wasRepeated).toBe(true);
});

it('close goes on until nothing more is left', async () => {
  const { run, typed } = procedures(true);
  run.mockResolvedValueOnce({ value: true, sentMs: SENT_MS, wasRepeated: false });
  run.mockResolvedValueOnce({ value: true, sentMs: SENT_MS, wasRepeated: false });
  run.mockResolvedValueOnce({ value: false, sentMs: SENT_MS, wasRepeated: false });
  await typed.close();
  expect(run.mock.calls).toEqual(Array(3).fill(['lock_close', [INBOX]]));
});

it('query asks for one name, or for a page of them', async () => {
  const entry = ['a', true, 1, 1, 'someone', AT - 5_000_000, AT + 1_500_000, 42, 0, false];
  const { run, typed } = procedures([AT, 'b', [entry], 0]);
  expect(await typed.query('a')).toEqual({
    entries: [expect.objectContaining({ name: 'a', leftMs: 1500, token: 42 })],
    next: 'b',
  });
  expect((await typed.query(null, 'aa', 7)).next).toBe('b');
  expect(run.mock.calls).toEqual([
    ['lock_query', ['a', '', 1]],
    ['lock_query', [null, 'aa', 7]],
  ]);
});

it('query has no next page after the last', async () => {
  expect(await procedures([AT, null, [], 0]).typed.query(null, '', 100)).toEqual({
    entries: [],
    next: undefined,
  });
});

it.each<[string, (typed: LockProcedures) => Promise<unknown>, unknown, unknown[], unknown]>([
  ['lock_force_release', (typed) => typed.forceRelease("it's", id), 3, ["it's", id], 3],
  ['lock_ask', (typed) => typed.requestRelease("it's"), 2, ["it's", 'me'], 2],
  ['lock_watch', (typed) => typed.watch(['a', 'b']), [7, 8], [['a', 'b']], [7, 8]],
  [
    'lock_watch',
    (typed) => typed.watch(['a', 'b']),
    [[Told.refused, Refusal.noPlace], 8],
    [['a', 'b']],
    [undefined, 8],
  ],
  ['lock_locked', (typed) => typed.isLocked("it's"), true, ["it's"], true],
])('%s is called with its arguments, and its answer is read', async (procedure, call, reply, args, read) => {
  const { run, typed } = procedures(reply);
  expect(await call(typed)).toEqual(read);
  const how = procedure === 'lock_watch' ? [{ needsJoin: true }] : [];
  expect(run.mock.calls).toEqual([[procedure, args, ...how]]);
});

it.each<[string, unknown, (typed: LockProcedures) => Promise<unknown>]>([
  ['too few answers', [AT, ROOM, []], (typed) => typed.batch([{ kind: 'release', name, id }])],
  [
    'an answer to something else',
    [AT, ROOM, [HELD]],
    (typed) => typed.batch([{ kind: 'release', name, id }]),
  ],
  ['no answer to a theft', null, (typed) => typed.steal(TERMS)],
  ['a number for a bool', 1, (typed) => typed.isLocked('a')],
  ['nil for a bool', null, (typed) => typed.isLocked('a')],
  ['nil for a number', null, (typed) => typed.forceRelease('a', id)],
  ['a text for a number', '3', (typed) => typed.requestRelease('a')],
  ['a list for a number', [3], (typed) => typed.forceRelease('a', id)],
  ['too few rooms', [7], (typed) => typed.watch(['a', 'b'])],
  ['rooms that are none', ['room'], (typed) => typed.watch(['a'])],
  ['a name refused for no reason', [[Told.refused, Refusal.badArgument]], (typed) => typed.watch(['a'])],
  ['a name that waits', [[Told.waiting, Refusal.noPlace]], (typed) => typed.watch(['a'])],
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
      () => typed.batch([]),
      () => typed.steal(TERMS),
      () => typed.isLocked('a'),
      () => typed.close(),
      () => typed.query('a'),
      () => typed.watch(['a']),
      () => typed.forceRelease('a', id),
      () => typed.requestRelease('a'),
    ];
    for (const call of calls) {
      const error: unknown = await call().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(LockProtocolError);
      expect((error as Error).cause).toBe(refusal);
    }
  },
);
