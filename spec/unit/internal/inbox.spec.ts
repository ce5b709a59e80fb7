import { PackageType } from '../../../lib/client/package-type.js';
import { LockConnectionError, LockProtocolError } from '../../../lib/errors.js';
import type { HeldLease } from '../../../lib/internal/held-lease.js';
import { Inbox } from '../../../lib/internal/inbox.js';
import { ServerClock } from '../../../lib/internal/server-clock.js';
import type { Grant, Ticket } from '../../../lib/internal/ticket.js';
import type { Told } from '../../../lib/schema/lock-procedures.js';
import type { TicketStatus } from '../../../lib/schema/ticket-status.js';
import { Why } from '../../../lib/schema/constants.js';
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

function open(...names: string[]): Ticket {
  const ticket = inbox.open({
    names: names.length === 0 ? ['my-lock'] : names,
    ttlMs: 60_000,
    want: 1,
    limit: 1,
  });
  tickets.push(ticket);
  return ticket;
}

function tell(ticket: Ticket, value: TicketStatus): void {
  const nowMs = performance.now();
  const told: Told<TicketStatus> = { value, sentMs: nowMs, receivedMs: nowMs };
  inbox.update(ticket, told, true);
}

/** A ticket that waits, its room joined, and the question that follows a join answered. */
async function waiting(
  dueInMs = 10_000,
  names: string | readonly string[] = 'my-lock',
  ahead = 1,
): Promise<Ticket> {
  const ticket = open(...[names].flat());
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

/** A lease as the inbox knows it: what it is told is recorded. */
class LeaseStub {
  readonly lost: string[] = [];
  readonly askedBy: string[] = [];
  readonly heard: TicketStatus[] = [];
  confirmed = 0;

  lose(reason: string): void {
    this.lost.push(reason);
  }

  asked(by: string): void {
    this.askedBy.push(by);
  }

  hear(said: TicketStatus): void {
    this.heard.push(said);
  }

  confirm(): void {
    this.confirmed++;
  }
}

/** A ticket that has become a lease. */
function held(...names: string[]): { ticket: Ticket; lease: LeaseStub } {
  const ticket = open(...names);
  const lease = new LeaseStub();
  inbox.close(ticket);
  inbox.holds(ticket, lease as unknown as HeldLease);
  return { ticket, lease };
}

/** What is told of the lease, once its room is joined and the question that follows is answered. */
async function heldInRoom(): Promise<{ ticket: Ticket; lease: LeaseStub }> {
  const holding = held();
  inbox.enterRoom(ROOM);
  await rest();
  procedures.last('check').answer([status.held(60_000)]);
  await rest();
  procedures.calls.length = 0;
  return holding;
}

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
      room: ROOM,
    });
  });

  it('is answered with the lock by a change: that has claimed it', async () => {
    const ticket = await waiting(10_000);
    inbox.reconnected();
    procedures.last('check').answer([status.held(9_000, TOKEN)]);
    await rest();
    expect(await grantOf(ticket)).toMatchObject({ fencingToken: TOKEN, isProvisional: false });
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

describe('what is pushed to a lease', () => {
  it.each<[number, string]>([
    [Why.stolen, 'stolen'],
    [Why.forceReleased, 'force-released'],
  ])('`lost` with %p ends it as %p, and asks nothing', async (why, reason) => {
    const { ticket, lease } = await heldInRoom();
    const other = held('another');
    emit('lost', ticket.number, why);
    expect(lease.lost).toEqual([reason]);
    expect(other.lease.lost).toEqual([]);
    expect(procedures.calls).toEqual([]);
  });

  it('`asked` tells it who asks', async () => {
    const { ticket, lease } = await heldInRoom();
    emit('asked', ticket.number, 'the other one');
    expect(lease.askedBy).toEqual(['the other one']);
    expect(lease.lost).toEqual([]);
  });

  it.each<[string, (number: number) => void]>([
    ['`lost` of a number that is not known', () => emit('lost', 999, Why.stolen)],
    ['`asked` of a number that is not known', () => emit('asked', 999, 'x')],
    ['`lost` without a number', () => emit('lost')],
    ['`asked` without a number', () => emit('asked')],
    ['`lost` for a reason of a newer schema', (number) => emit('lost', number, 99)],
    ['`lost` for no reason', (number) => emit('lost', number)],
    [
      '`lost` in another room',
      (number) =>
        inbox.pushed(PackageType.roomEmit, { id: ROOM + 1, event: 'lost', args: [number, Why.stolen] }),
    ],
  ])('%s does no harm', async (_what, push) => {
    const { ticket, lease } = await heldInRoom();
    const waiter = await waiting();
    expect(() => push(ticket.number)).not.toThrow();
    await rest();
    expect({ ...lease }).toEqual({ ...new LeaseStub(), heard: lease.heard });
    expect(await outcome(waiter.granted)).toBe('pending');
    expect(procedures.calls).toEqual([]);
  });

  it('is told to nobody once it has ended', async () => {
    const { ticket, lease } = await heldInRoom();
    inbox.holdsNoMore(ticket);
    emit('lost', ticket.number, Why.stolen);
    emit('asked', ticket.number, 'x');
    expect(lease.lost).toEqual([]);
    expect(lease.askedBy).toEqual([]);
  });

  it('is kept for it when the lease is yet to be made: `lost` behind the grant', async () => {
    const ticket = await waiting();
    emit('granted', ticket.number, TOKEN, serverUs(), serverUs() + 800_000);
    expect(ticket.takenAway).toBeUndefined();
    emit('lost', ticket.number, Why.forceReleased);
    expect(ticket.takenAway).toBe('force-released');
    expect((await grantOf(ticket)).fencingToken).toBe(TOKEN);
  });
});

describe('a lease that is held', () => {
  it('has its room joined, and is asked about once: what was told before was told to nobody', async () => {
    const { ticket, lease } = held();
    const other = held('another');
    inbox.enterRoom(ROOM);
    inbox.enterRoom(ROOM);
    await rest();
    expect(join.mock.calls).toEqual([[ROOM]]);
    expect(asked()).toEqual([[ticket.id, other.ticket.id]]);
    const answers = [status.gone('stolen'), status.held(60_000)];
    procedures.last('check').answer(answers);
    await rest();
    expect(lease.heard).toEqual([answers[0]]);
    expect(other.lease.heard).toEqual([answers[1]]);
  });

  it('is not taken for lost on the word of a mere read: it is asked about again, for sure', async () => {
    const { lease } = held();
    inbox.enterRoom(ROOM);
    await rest();
    expect(procedures.last('check').args[1]).not.toBe(true);
    procedures.last('check').answer([status.gone()]);
    await rest();
    expect(lease.heard).toEqual([]);
    expect(lease.confirmed).toBe(1);
  });

  it('is not told what became of it when it has ended meanwhile', async () => {
    const { ticket, lease } = held();
    inbox.enterRoom(ROOM);
    await rest();
    inbox.holdsNoMore(ticket);
    procedures.last('check').answer([status.gone('stolen')]);
    await rest();
    expect(lease.heard).toEqual([]);
  });

  it('is asked about apart from those that wait', async () => {
    const waiter = open();
    const { ticket } = held();
    tell(waiter, status.waiting(10_000, 1, ROOM));
    await rest();
    expect(new Set(asked())).toEqual(new Set([[waiter.id], [ticket.id]]));
  });

  it('whose room could not be joined has it joined with the next answer that names it', async () => {
    const { ticket } = held();
    join.mockRejectedValueOnce(new LockConnectionError('no answer'));
    inbox.enterRoom(ROOM);
    await rest();
    expect(asked()).toEqual([]);
    inbox.enterRoom(ROOM);
    await rest();
    expect(join).toHaveBeenCalledTimes(2);
    expect(asked()).toEqual([[ticket.id]]);
  });

  it.each<[string, Error]>([
    ['had no answer', new LockConnectionError('no answer')],
    ['was refused', new LockProtocolError('what?')],
  ])('is none the worse for a question that %s', async (_how, error) => {
    const { ticket, lease } = held();
    inbox.enterRoom(ROOM);
    await rest();
    procedures.last('check').fail(error);
    await rest();
    expect(lease.heard).toEqual([]);
    emit('lost', ticket.number, Why.stolen);
    expect(lease.lost).toEqual(['stolen']);
  });

  it("and is on its way to another process is in nobody's room: this manager stays in its own", async () => {
    const { ticket, lease } = await heldInRoom();
    inbox.enterRoom(0);
    await rest();
    expect(join.mock.calls).toEqual([[ROOM]]);
    emit('lost', ticket.number, Why.stolen);
    expect(lease.lost).toEqual(['stolen']);
  });

  it('is needed, and listed, until it has ended', () => {
    expect(inbox.isNeeded).toBe(false);
    const { ticket, lease } = held();
    expect(inbox.isNeeded).toBe(true);
    expect(inbox.leases).toEqual([lease]);
    inbox.holdsNoMore(ticket);
    expect(inbox.isNeeded).toBe(false);
    expect(inbox.leases).toEqual([]);
  });
});

describe('a line', () => {
  it('is one for each set of names: the first of each asks, and for its own names only', async () => {
    const both = await waiting(10_000, ['a', 'b']);
    const bothAgain = await waiting(10_000, ['a', 'b'], 2);
    const a = await waiting(10_000, 'a', 2);
    const reverse = await waiting(10_000, ['b', 'a'], 2);
    await pass(10_100);
    const all = asked().flat();
    expect(new Set(all)).toEqual(new Set([both.id, a.id, reverse.id]));
    expect(all).not.toContain(bothAgain.id);
  });

  it.each<[string[], string[]]>([
    [['a', 'b'], ['["a","b"]']],
    [['a', 'b'], ['a, b']],
    [
      ['a,b', 'c'],
      ['a', 'b,c'],
    ],
    [['names ["a"]'], ['a']],
  ])('is not shared by %j and %j', async (some, others) => {
    const first = await waiting(10_000, some);
    const second = await waiting(10_000, others);
    await pass(10_100);
    expect(new Set(asked().flat())).toEqual(new Set([first.id, second.id]));
  });

  it('goes on with the next of the same names when the first has left', async () => {
    const first = await waiting(10_000, ['a', 'b']);
    const second = await waiting(10_000, ['a', 'b'], 2);
    inbox.close(first);
    await pass(10_100);
    expect(asked()).toEqual([[second.id]]);
  });
});

describe('a request that was granted and taken away before it was told here', () => {
  it('is made again with another id: the server takes in no more with the old one', async () => {
    const ticket = await waiting();
    const { id } = ticket;
    emit('check');
    procedures.last('check').answer([status.gone('stolen')]);
    await rest();
    expect(procedures.of('acquire')).toHaveLength(1);
    expect(ticket.id).not.toBe(id);
    procedures.last('acquire').answer(status.waiting(20_000));
    await rest();
    emit('granted', ticket.number, TOKEN, serverUs(), serverUs() + 800_000);
    expect((await grantOf(ticket)).fencingToken).toBe(TOKEN);
  });

  it('is made once, however many questions were out: the server would keep the other for nobody', async () => {
    const ticket = await waiting();
    emit('check');
    emit('check');
    const [first, second] = procedures.of('check');
    first?.answer([status.gone('stolen')]);
    await rest();
    second?.answer([status.gone('stolen')]);
    await rest();
    expect(procedures.of('acquire')).toHaveLength(1);
    const { id } = ticket;
    procedures.last('acquire').answer(status.waiting(20_000));
    await rest();
    expect(ticket.id).toBe(id);
  });

  it('is as good as new: the grant that follows is not taken for lost', async () => {
    const ticket = await waiting();
    const at = serverUs();
    await pass(900);
    // Too late to be believed; and then it was taken away.
    emit('granted', ticket.number, TOKEN, at, at + 800_000);
    emit('lost', ticket.number, Why.forceReleased);
    procedures.last('check').answer([status.gone('force-released')]);
    await rest();
    procedures.last('acquire').answer(status.held(60_000, TOKEN + 1));
    await rest();
    expect((await grantOf(ticket)).fencingToken).toBe(TOKEN + 1);
    expect(ticket.takenAway).toBeUndefined();
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
