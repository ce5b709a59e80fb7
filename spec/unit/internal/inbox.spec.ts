import { PackageType } from '../../../lib/client/package-type.js';
import { LockConnectionError, LockProtocolError } from '../../../lib/errors.js';
import { Inbox } from '../../../lib/internal/inbox.js';
import { ServerClock } from '../../../lib/internal/server-clock.js';
import type { Grant, Ticket } from '../../../lib/internal/ticket.js';
import type { Told } from '../../../lib/schema/lock-procedures.js';
import type { TicketStatus } from '../../../lib/schema/ticket-status.js';
import { pass, rest, resumeTime, stopTime } from '../../support/fake-time.js';
import { FakeProcedures, outcome, serverUs, status } from '../../support/fake-procedures.js';

const ROOM = 5;
const TOKEN = 42;

let procedures: FakeProcedures;
let clock: ServerClock;
let join: jest.Mock<Promise<boolean>, [number]>;
let inbox: Inbox;
let tickets: Ticket[];

let refused: Ticket[];

beforeEach(() => {
  refused = [];
  stopTime();
  procedures = new FakeProcedures();
  clock = new ServerClock();
  clock.sync(performance.now(), serverUs());
  join = jest.fn<Promise<boolean>, [number]>(() => Promise.resolve(true));
  inbox = new Inbox(procedures.asProcedures, clock, join, (ticket) => refused.push(ticket));
  tickets = [];
});

afterEach(async () => {
  for (const ticket of tickets) inbox.close(ticket);
  await rest();
  resumeTime();
});

function open(name = 'my-lock'): Ticket {
  const ticket = inbox.open(name, 60_000);
  tickets.push(ticket);
  return ticket;
}

function tell(ticket: Ticket, value: TicketStatus): void {
  const nowMs = performance.now();
  const told: Told<TicketStatus> = { value, sentMs: nowMs, receivedMs: nowMs };
  inbox.update(ticket, told);
}

/** A ticket that waits, its room joined, and the question that follows a join answered. */
async function waiting(dueInMs = 10_000, name = 'my-lock', ahead = 1): Promise<Ticket> {
  const ticket = open(name);
  const questions = procedures.of('check').length;
  const value = status.waiting(dueInMs, ahead, ROOM);
  tell(ticket, value);
  await rest();
  for (const call of procedures.of('check').slice(questions)) {
    call.answer((call.argument as string[]).map(() => value));
  }
  await rest();
  procedures.calls.length = 0;
  return ticket;
}

const emit = (event: string, ...args: unknown[]) =>
  inbox.pushed(PackageType.roomEmit, { id: ROOM, event, args });
const removeRoom = (id = ROOM) => inbox.pushed(PackageType.roomDelete, { id });
const asked = () => procedures.of('check').map((call) => call.argument as string[]);

async function grantOf(ticket: Ticket): Promise<Grant> {
  const settled = await outcome(ticket.granted);
  if (settled === 'pending' || 'error' in settled) throw new Error('not granted');
  return settled.value;
}

describe('a grant that is pushed', () => {
  it('grants the ticket it names, provisionally, until the time to claim it is over', async () => {
    const ticket = await waiting();
    emit('granted', ticket.number, TOKEN, serverUs(), serverUs() + 800_000);
    expect(await grantOf(ticket)).toMatchObject({
      fencingToken: TOKEN,
      deadlineMs: performance.now() + 800,
      isProvisional: true,
    });
    expect(procedures.calls).toEqual([]);
  });

  it('wakes nobody else', async () => {
    const first = await waiting();
    const second = await waiting(10_000, 'my-lock', 2);
    const other = await waiting(10_000, 'another');
    emit('granted', first.number, TOKEN, serverUs(), serverUs() + 800_000);
    expect(await outcome(second.granted)).toBe('pending');
    expect(await outcome(other.granted)).toBe('pending');
  });

  it('counts when it comes before the answer to the request', async () => {
    await waiting(10_000, 'another');
    const ticket = open();
    emit('granted', ticket.number, TOKEN, serverUs(), serverUs() + 800_000);
    tell(ticket, status.waiting(10_000, 1, ROOM));
    expect((await grantOf(ticket)).fencingToken).toBe(TOKEN);
    await pass(20_000);
    expect(asked().flat()).not.toContain(ticket.id);
  });

  it('ends here when it ends there, however long the message was on its way', async () => {
    const ticket = await waiting();
    const at = serverUs();
    await pass(300);
    emit('granted', ticket.number, TOKEN, at, at + 800_000);
    expect((await grantOf(ticket)).deadlineMs).toBe(performance.now() + 500);
  });

  it('is checked, not believed, when its time was over before it was read', async () => {
    const ticket = await waiting();
    const at = serverUs();
    await pass(900);
    emit('granted', ticket.number, TOKEN, at, at + 800_000);
    expect(await outcome(ticket.granted)).toBe('pending');
    expect(asked()).toEqual([[ticket.id]]);
    procedures.last('check').answer([status.held(5000, TOKEN + 1)]);
    await rest();
    expect((await grantOf(ticket)).fencingToken).toBe(TOKEN + 1);
  });

  it.each<[string, () => void]>([
    [
      'of another room',
      () => inbox.pushed(PackageType.roomEmit, { id: ROOM + 1, event: 'granted', args: [1, 1, 0, 9e15] }),
    ],
    ['for a ticket that is not known', () => emit('granted', 999, TOKEN, serverUs(), serverUs() + 800_000)],
    ['of an unknown kind', () => emit('applause', 1, TOKEN, serverUs(), serverUs() + 800_000)],
    ['without numbers', () => emit('granted')],
    ['without a body', () => inbox.pushed(PackageType.roomEmit, undefined)],
    ['with a body that is no map', () => inbox.pushed(PackageType.roomEmit, 7)],
    ['that says that somebody has joined', () => inbox.pushed(PackageType.roomJoin, { id: ROOM })],
  ])('or another message %s, changes nothing and asks nothing', async (_which, push) => {
    const ticket = await waiting();
    expect(push).not.toThrow();
    await rest();
    expect(await outcome(ticket.granted)).toBe('pending');
    expect(procedures.calls).toEqual([]);
  });

  it('for a ticket that has been closed changes nothing', async () => {
    const ticket = await waiting();
    inbox.close(ticket);
    emit('granted', ticket.number, TOKEN, serverUs(), serverUs() + 800_000);
    expect(await outcome(ticket.granted)).toBe('pending');
  });
});

describe('the room', () => {
  it('is joined once, however many wait, and what was told before is asked for', async () => {
    const first = open();
    const second = open('another');
    tell(first, status.waiting(10_000));
    tell(second, status.waiting(10_000));
    await rest();
    expect(join.mock.calls).toEqual([[ROOM]]);
    expect(new Set(asked().flat())).toEqual(new Set([first.id, second.id]));
  });

  it('is joined again with the next request that waits, once it was removed', async () => {
    const ticket = await waiting();
    removeRoom();
    procedures.last('check').answer([status.waiting(10_000, 1, ROOM + 1)]);
    await rest();
    expect(join.mock.calls).toEqual([[ROOM], [ROOM + 1]]);
    expect(await outcome(ticket.granted)).toBe('pending');
  });

  it('that is removed and is not ours changes nothing', async () => {
    await waiting();
    removeRoom(ROOM + 1);
    expect(procedures.calls).toEqual([]);
  });

  it('that the node does not know yet is tried again, 1 s long', async () => {
    let answer = false;
    join.mockImplementation(() => Promise.resolve(answer));
    tell(open(), status.waiting(10_000));
    await pass(900);
    expect(join.mock.calls.length).toBeGreaterThan(10);
    expect(asked()).toEqual([]);
    answer = true;
    await pass(50);
    expect(asked()).toHaveLength(1);
  });

  it('that could not be joined is joined later: without it no grant would ever be told', async () => {
    join.mockRejectedValueOnce(new LockConnectionError('no answer'));
    const ticket = open();
    tell(ticket, status.waiting(10_000));
    await rest();
    for (let seconds = 0; seconds < 3; seconds++) {
      await pass(1000);
      for (const call of procedures.calls.splice(0)) call.answer([status.waiting(10_000)]);
    }
    await rest();
    expect(join).toHaveBeenCalledTimes(2);
    emit('granted', ticket.number, TOKEN, serverUs(), serverUs() + 800_000);
    expect((await grantOf(ticket)).fencingToken).toBe(TOKEN);
  });

  it('that may not be joined ends the waiting with the reason', async () => {
    const error = new LockProtocolError('no');
    join.mockRejectedValue(error);
    const ticket = open();
    tell(ticket, status.waiting(10_000));
    await rest();
    expect(await outcome(ticket.granted)).toEqual({ error });
  });
});

describe('a question', () => {
  it('is asked when the lease of the holder should have ended, not before', async () => {
    const ticket = await waiting(10_000);
    await pass(9_999);
    expect(asked()).toEqual([]);
    await pass(1);
    expect(asked()).toEqual([[ticket.id]]);
  });

  it('is asked a little later by those further back, at most 80 ms', async () => {
    const second = await waiting(10_000, 'b', 2);
    const far = await waiting(10_000, 'c', 1000);
    await pass(10_004);
    expect(asked()).toEqual([]);
    await pass(1);
    expect(asked()).toEqual([[second.id]]);
    await pass(75);
    expect(asked()).toEqual([[second.id], [far.id]]);
  });

  it('is asked by the first of each name alone', async () => {
    const first = await waiting(10_000);
    for (let i = 2; i <= 20; i++) await waiting(10_000, 'my-lock', i);
    const other = await waiting(10_000, 'another');
    await pass(15_000);
    expect(new Set(asked().flat())).toEqual(new Set([first.id, other.id]));
  });

  it('is asked once while its answer is out', async () => {
    await waiting(10_000);
    await pass(60_000);
    expect(asked()).toHaveLength(1);
  });

  it('is asked again at the new end when the holder has renewed', async () => {
    const ticket = await waiting(10_000);
    await pass(10_000);
    procedures.last('check').answer([status.waiting(7_000)]);
    await pass(6_999);
    expect(asked()).toHaveLength(1);
    await pass(1);
    expect(asked()).toEqual([[ticket.id], [ticket.id]]);
  });

  it('that failed is asked again a second later', async () => {
    const ticket = await waiting(10_000);
    await pass(10_000);
    procedures.last('check').fail(new LockConnectionError('no answer'));
    await pass(999);
    expect(asked()).toHaveLength(1);
    await pass(1);
    expect(asked()).toEqual([[ticket.id], [ticket.id]]);
    expect(await outcome(ticket.granted)).toBe('pending');
  });

  it('that the server refuses ends the waiting with the reason', async () => {
    const ticket = await waiting(10_000);
    await pass(10_000);
    const error = new LockProtocolError('what?');
    procedures.last('check').fail(error);
    await rest();
    expect(await outcome(ticket.granted)).toEqual({ error });
  });

  it('is answered with the lock: it is to be claimed, and counts from before it was asked', async () => {
    const ticket = await waiting(10_000);
    await pass(10_000);
    const askedMs = performance.now();
    await pass(200);
    procedures.last('check').answer([status.held(800, TOKEN)]);
    await rest();
    expect(await grantOf(ticket)).toEqual({
      fencingToken: TOKEN,
      grantedMs: askedMs,
      deadlineMs: askedMs + 800,
      isProvisional: true,
    });
  });

  it('is asked by the next when the first is granted by a push', async () => {
    const first = await waiting(10_000);
    const second = await waiting(10_000, 'my-lock', 2);
    emit('granted', first.number, TOKEN, serverUs(), serverUs() + 800_000);
    inbox.close(first);
    await pass(10_100);
    expect(asked().flat()).toEqual([second.id]);
  });

  it.each<[string, boolean]>([
    ['gives up', false],
    ['is granted', true],
  ])('is asked by the next when the first %s while its own question is out', async (_how, isGranted) => {
    const first = await waiting(10_000);
    const second = await waiting(10_000, 'my-lock', 2);
    await pass(10_000);
    expect(asked()).toEqual([[first.id]]);
    if (isGranted) {
      // The server tells the next when to ask, in the same moment in which it grants the first.
      emit('granted', first.number, TOKEN, serverUs(), serverUs() + 800_000);
      emit('watch', second.number, serverUs(), serverUs() + 5_000_000);
    }
    inbox.close(first);
    await pass(5_100);
    expect(asked().slice(1).flat()).toEqual([second.id]);
  });

  it('is put off for the next as far as the first was told: its word is newer', async () => {
    const first = await waiting(10_000);
    const second = await waiting(10_000, 'my-lock', 2);
    await pass(10_000);
    procedures.last('check').answer([status.waiting(30_000)]);
    await rest();
    inbox.close(first);
    await pass(29_000);
    expect(asked()).toHaveLength(1);
    await pass(1_100);
    expect(asked()[1]).toEqual([second.id]);
  });
});

describe('`watch`', () => {
  it('moves the question to when the new holder ends', async () => {
    const ticket = await waiting(10_000);
    emit('watch', ticket.number, serverUs(), serverUs() + 3_000_000);
    await pass(2_999);
    expect(asked()).toEqual([]);
    await pass(1);
    expect(asked()).toEqual([[ticket.id]]);
  });
});

describe('`check`', () => {
  it('asks after all that wait, in one request', async () => {
    const all = [await waiting(), await waiting(10_000, 'my-lock', 2), await waiting(10_000, 'another')];
    emit('check');
    expect(asked()).toHaveLength(1);
    expect(new Set(asked()[0])).toEqual(new Set(all.map((ticket) => ticket.id)));
  });

  it('asks nothing when nobody waits', async () => {
    const ticket = await waiting();
    inbox.close(ticket);
    emit('check');
    expect(procedures.calls).toEqual([]);
  });
});

describe('a request that is gone', () => {
  it('is made again with its id, and waits on', async () => {
    const ticket = await waiting();
    emit('check');
    procedures.last('check').answer([status.gone()]);
    await rest();
    expect(procedures.last('acquire').argument).toBe(ticket);
    procedures.last('acquire').answer(status.waiting(20_000));
    await rest();
    expect(await outcome(ticket.granted)).toBe('pending');
    emit('granted', ticket.number, TOKEN, serverUs(), serverUs() + 800_000);
    expect((await grantOf(ticket)).fencingToken).toBe(TOKEN);
  });

  it('is not made again once it has been closed', async () => {
    const ticket = await waiting();
    emit('check');
    inbox.close(ticket);
    procedures.last('check').answer([status.gone()]);
    await rest();
    expect(procedures.of('acquire')).toEqual([]);
  });

  it('is made again later when that fails', async () => {
    const ticket = await waiting();
    emit('check');
    procedures.last('check').answer([status.gone()]);
    await rest();
    procedures.last('acquire').fail(new LockConnectionError('no answer'));
    await pass(1000);
    expect(asked().at(-1)).toEqual([ticket.id]);
    expect(await outcome(ticket.granted)).toBe('pending');
  });
});

describe('a request that was given up', () => {
  it('and is granted before its withdrawal is known is refused at once: silence would count as death', async () => {
    const ticket = await waiting();
    inbox.close(ticket);
    inbox.leaves(ticket);
    inbox.pushed(PackageType.roomEmit, { id: ROOM, event: 'granted', args: [ticket.number, 7, 0, 800_000] });
    expect(refused).toEqual([ticket]);
    expect(inbox.leaving).toEqual([ticket]);
    inbox.left(ticket);
    inbox.pushed(PackageType.roomEmit, { id: ROOM, event: 'granted', args: [ticket.number, 8, 0, 800_000] });
    expect(refused).toEqual([ticket]);
  });
});

describe('a lost connection', () => {
  it('leaves every request its place: what became of it is asked in one request once there is another', async () => {
    const first = await waiting(10_000);
    const second = await waiting(10_000, 'another');
    inbox.disconnected();
    await rest();
    expect(procedures.calls).toEqual([]);
    inbox.reconnected();
    expect(procedures.of('check').map(({ argument }) => argument)).toEqual([[first.id, second.id]]);
    expect(await outcome(first.granted)).toBe('pending');
  });

  it('has nothing asked when nothing waits', async () => {
    inbox.close(await waiting(10_000));
    inbox.disconnected();
    inbox.reconnected();
    await pass(60_000);
    expect(procedures.calls).toEqual([]);
  });

  it('has the room joined again by the next request that waits', async () => {
    inbox.close(await waiting());
    inbox.disconnected();
    tell(open(), status.waiting(10_000));
    await rest();
    expect(join).toHaveBeenCalledTimes(2);
  });

  it('that cannot come back ends every request with the reason, those not answered yet too', async () => {
    const reason = new LockConnectionError('the connection was lost');
    const all = [await waiting(), await waiting(10_000, 'another'), open('third')];
    inbox.fail(reason);
    for (const ticket of all) expect(await outcome(ticket.granted)).toEqual({ error: reason });
  });
});

it('numbers differ within an inbox, and ids cannot be guessed', () => {
  const all = Array.from({ length: 1000 }, () => open());
  expect(new Set(all.map((ticket) => ticket.number)).size).toBe(1000);
  expect(new Set(all.map((ticket) => ticket.id)).size).toBe(1000);
  for (const { id } of all) expect(Buffer.from(id, 'base64url').length).toBeGreaterThanOrEqual(16);
});
