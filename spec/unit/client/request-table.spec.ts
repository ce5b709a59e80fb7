import { LockConnectionError, LockProtocolError } from '../../../lib/errors.js';
import { RequestTable } from '../../../lib/client/request-table.js';

/** Few, so that they are soon all taken. */
const LAST_ID = 8;
const ping = { type: 32, label: 'ping' };
const settled = async (promise: Promise<unknown>) => {
  let isSettled = false;
  void promise.catch(() => undefined).then(() => (isSettled = true));
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  return isSettled;
};

describe('RequestTable', () => {
  let sent: number[];
  let table: RequestTable;

  beforeEach(() => {
    jest.useFakeTimers();
    sent = [];
    table = new RequestTable(1000, (bytes) => sent.push(Buffer.from(bytes).readUInt16LE(4)), LAST_ID);
  });

  afterEach(() => {
    table.rejectAll(new LockConnectionError('over'));
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const answer = (id: number, body?: unknown) => table.settle({ id, type: 18, body });

  it('gives each answer to the request with its id, in whatever order answers come', async () => {
    const [first, second] = [table.send(ping), table.send(ping)];
    answer(sent[1] as number, 'second');
    answer(sent[0] as number, 'first');
    expect(await Promise.all([first, second])).toEqual(['first', 'second']);
  });

  it('does not use an id again while its answer is outstanding, also after ids have gone round', async () => {
    const unanswered = table.send(ping);
    const taken = sent[0];
    for (let i = 0; i < 3 * LAST_ID; i++) {
      const next = table.send(ping);
      answer(sent.at(-1) as number);
      await next;
    }
    expect(sent.lastIndexOf(taken as number)).toBe(0);
    answer(taken as number, 'mine');
    expect(await unanswered).toBe('mine');
  });

  it('does not use the id of a request that timed out until the late answer has come, and ignores that', async () => {
    const late = table.send(ping);
    const rejected = expect(late).rejects.toThrow(LockConnectionError);
    jest.advanceTimersByTime(1100);
    await rejected;
    for (let i = 0; i < 3 * LAST_ID; i++) {
      const next = table.send(ping);
      answer(sent.at(-1) as number);
      await next;
    }
    expect(sent.lastIndexOf(sent[0] as number)).toBe(0);
    expect(() => answer(sent[0] as number, 'late')).not.toThrow();
  });

  it('uses all 16-bit ids but 0 and that of what a server sends unasked', () => {
    const used = new Set<number>();
    const whole: RequestTable = new RequestTable(1000, (bytes) => {
      const id = Buffer.from(bytes).readUInt16LE(4);
      used.add(id);
      whole.settle({ id, type: 16, body: undefined });
    });
    for (let i = 0; i < 70_000; i++) void whole.send(ping);
    whole.rejectAll(new LockConnectionError('over'));
    expect(used.size).toBe(65_534);
    expect([used.has(0), used.has(0xffff)]).toEqual([false, false]);
  });

  it('lets requests wait in order when all ids are taken, and answers every one', async () => {
    const all = Array.from({ length: 3 * LAST_ID }, (_, i) => table.send({ ...ping, body: i }));
    expect(sent).toHaveLength(LAST_ID);
    expect(new Set(sent).size).toBe(LAST_ID);
    for (let i = 0; i < 3 * LAST_ID; i++) answer(sent[i] as number, i);
    expect(await Promise.all(all)).toEqual(Array.from({ length: 3 * LAST_ID }, (_, i) => i));
  });

  it('counts the waiting for an id within the time limit', async () => {
    const all = Array.from({ length: 3 * LAST_ID }, () => table.send(ping).catch((error: unknown) => error));
    jest.advanceTimersByTime(1100);
    expect((await Promise.all(all)).every((error) => error instanceof LockConnectionError)).toBe(true);
  });

  it('says which request had no answer, and how long it waited', async () => {
    const rejected = expect(table.send({ ...ping, label: 'run f in //lock' })).rejects.toThrow(
      'run f in //lock had no answer within 1000 ms',
    );
    jest.advanceTimersByTime(1100);
    await rejected;
  });

  it('rejects what waits, and what comes after, with the reason of the end', async () => {
    const reason = new LockConnectionError('gone');
    const waiting = table.send(ping);
    table.rejectAll(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(table.send(ping)).rejects.toBe(reason);
  });

  it('rejects only the request that cannot be sent', async () => {
    const fine = table.send(ping);
    await expect(table.send({ ...ping, body: [() => 1] })).rejects.toThrow(LockProtocolError);
    expect(await settled(fine)).toBe(false);
    answer(sent[0] as number, 'fine');
    expect(await fine).toBe('fine');
  });

  it('rejects the request whose answer cannot be read, or is an error without a code, and no other', async () => {
    const [first, second, third] = [
      table.send({ ...ping, label: 'first' }),
      table.send(ping),
      table.send(ping),
    ];
    table.settle({
      id: sent[0] as number,
      type: 18,
      body: undefined,
      fault: new LockProtocolError('it is cut'),
    });
    await expect(first).rejects.toThrow('first was answered, but it is cut');
    table.settle({ id: sent[1] as number, type: 19, body: 'oops' });
    await expect(second).rejects.toThrow(LockProtocolError);
    expect(await settled(third)).toBe(false);
  });

  it('counts what was sent and is unanswered, timed out or rejected or not', async () => {
    const late = table.send(ping).catch(() => undefined);
    jest.advanceTimersByTime(1100);
    await late;
    const rejected = table.send(ping).catch(() => undefined);
    table.rejectAll(new LockConnectionError('over'));
    await rejected;
    const answered = table.answered(5_000);
    answer(sent[0] as number);
    answer(sent[1] as number);
    expect(await answered).toBe(true);
    expect(await table.answered(5_000)).toBe(true);
  });

  it('knows that there will be no answers when the limit passes, or the connection ends', async () => {
    table.send(ping).catch(() => undefined);
    const inTime = table.answered(500);
    jest.advanceTimersByTime(500);
    expect(await inTime).toBe(false);
    const inVain = table.answered(500);
    table.end(new LockConnectionError('gone'));
    expect(await inVain).toBe(false);
  });
});
