import { LockConnectionError, LockPermissionError } from '../../../lib/errors.js';
import type { HeldLease } from '../../../lib/manager/held-lease.js';
import type { Seat } from '../../../lib/manager/desk.js';
import { HINT_GAP_MS } from '../../../lib/manager/hints.js';
import { Why } from '../../../lib/schema/constants.js';
import type { Answer } from '../../../lib/schema/operations.js';
import { OWN_TERMS } from '../../support/own-terms.js';
import type { FakeCall, FakeCore } from '../../support/fake-core.js';
import { ROOM, says, serverUs, withFakeCore } from '../../support/fake-core.js';
import { pass, rest } from '../../support/fake-time.js';
import { outcome } from '../../support/outcome.js';

let core: FakeCore;
let heard: string[];

withFakeCore((made) => {
  core = made;
  heard = [];
});

function open(names: string | readonly string[] = 'my-lock', terms = {}): HeldLease {
  return core.open(
    { ...OWN_TERMS, names: [names].flat(), ...terms },
    { tell: (event) => void heard.push(event) },
  );
}

/** One that waits, and asks so long from now. */
function waiting(names: string | readonly string[] = 'my-lock', askInMs = 10_000, ahead = 1): Seat {
  open(names);
  const call = core.last('acquire');
  call.answer(says.waiting(askInMs, ahead));
  return call.seat;
}

function held(terms = {}): { lease: HeldLease; seat: Seat } {
  const lease = open('my-lock', terms);
  const call = core.last('acquire');
  call.answer(says.held(60_000));
  return { lease, seat: call.seat };
}

const checks = (isSure: boolean) =>
  core.of('check').filter(({ operation }) => operation.kind === 'check' && operation.isSure === isSure);
const askedFor = (isSure: boolean) => checks(isSure).map(({ seat }) => seat);

describe('a pushed grant', () => {
  it('is acknowledged in the turn in which it is pushed, and only by the request that it names', () => {
    const [first, second] = [waiting(), waiting()];
    core.grant(second);
    expect(core.of('acknowledge').map(({ seat, isUrgent }) => [seat, isUrgent])).toEqual([[second, true]]);
    expect([first.request.state, second.request.state]).toEqual(['waiting', 'granted']);
  });

  it('counts when it comes before the answer to the request', () => {
    waiting('another');
    open();
    const { seat } = core.last('acquire');
    core.grant(seat);
    expect(seat.request.state).toBe('granted');
    core.last('acquire').answer(says.waiting(1000));
    expect(seat.request.state).toBe('granted');
  });

  it('ends here when it ends there, however long the message was on its way', async () => {
    const seat = waiting();
    const { number, id } = seat.request;
    const args = [number, id.slice(0, 16), 7, serverUs(), serverUs() + 800_000];
    await pass(500);
    core.push('granted', ...args);
    expect(seat.request.time?.deadlineMs).toBe(performance.now() + 300);
  });

  it('is asked about, not believed, when its time was over before it was read', async () => {
    const seat = waiting();
    const { number, id } = seat.request;
    const args = [number, id.slice(0, 16), 7, serverUs(), serverUs() + 800_000];
    await pass(900);
    core.push('granted', ...args);
    expect(seat.request.state).toBe('waiting');
    expect(askedFor(true)).toContain(seat);
  });

  it.each<[string, (seat: Seat) => unknown[]]>([
    [
      'without the proof that only the server can have',
      ({ request }) => grantOf(request.number, 'x'.repeat(16)),
    ],
    ['with a proof that is too short', ({ request }) => grantOf(request.number, request.id.slice(0, 4))],
    ['with an empty proof', ({ request }) => grantOf(request.number, '')],
    [
      'of a lease longer than its ttl',
      ({ request }) => grantOf(request.number, proof(request.id), 7, 90_000),
    ],
    [
      'of a lease that ends before it begins',
      ({ request }) => grantOf(request.number, proof(request.id), 7, -1),
    ],
    [
      'with a token far ahead of the clock',
      ({ request }) => grantOf(request.number, proof(request.id), serverUs() + 9e10),
    ],
    ['with a token of no number', ({ request }) => grantOf(request.number, proof(request.id), 'seven')],
    ['with too few parts', ({ request }) => [request.number, proof(request.id)]],
    ['of a number that nobody has', ({ request }) => grantOf(request.number + 1, proof(request.id))],
    ['of no number', () => [null]],
  ])('%s is passed over', (_what, argsOf) => {
    const seat = waiting();
    core.push('granted', ...argsOf(seat));
    expect(seat.request.state).toBe('waiting');
    expect(core.of('acknowledge')).toEqual([]);
  });

  it('in another room is passed over', () => {
    const seat = waiting();
    core.desk.pushed(ROOM + 1, 'granted', grantOf(seat.request.number, proof(seat.request.id)));
    expect(seat.request.state).toBe('waiting');
  });

  it('with confirmGrants lets nobody in before the server has answered', async () => {
    const lease = open('my-lock', { confirmGrants: true });
    const { seat } = core.last('acquire');
    core.last('acquire').answer(says.waiting(1000));
    core.grant(seat);
    expect(await outcome(lease.outcome)).toBe('pending');
    core.last('acknowledge').answer(says.held(60_000));
    expect(await outcome(lease.outcome)).toEqual({ value: { kind: 'lease' } });
    expect(core.calls.map(({ operation }) => operation.kind)).toEqual(['acquire', 'acknowledge']);
  });

  it('with confirmGrants gives the caller the token that the server answers, not the pushed one', async () => {
    const lease = open('my-lock', { confirmGrants: true });
    const { seat } = core.last('acquire');
    core.last('acquire').answer(says.waiting(1000));
    core.grant(seat, 800, 99);
    core.last('acknowledge').answer(says.held(60_000, 12));
    expect(await outcome(lease.outcome)).toEqual({ value: { kind: 'lease' } });
    expect(lease.fencingToken).toBe(12);
  });
});

const proof = (id: string): string => id.slice(0, 16);
const grantOf = (number: number, by: string, token: unknown = 7, leaseMs = 800): unknown[] => [
  number,
  by,
  token,
  serverUs(),
  serverUs() + leaseMs * 1000,
];

describe('a release while another task of this process waits', () => {
  const handedOn = (): Answer =>
    ({ ...says.ended(), next: { due: serverUs() + 60_000_000, token: 9 } }) as Answer;

  function releasing(): { next: HeldLease; seat: Seat; released: Promise<boolean> } {
    const { lease } = held();
    const next = open();
    const call = core.last('acquire');
    call.answer(says.waiting(10_000));
    waiting();
    return { next, seat: call.seat, released: lease.release() };
  }

  it('names the one that has waited longest, and no other name’s', () => {
    waiting('another');
    const { seat } = releasing();
    const { id, number } = seat.request;
    expect(core.last('release').operation).toMatchObject({ next: { id, number } });
  });

  it('names nobody where nobody waits for just the same names', () => {
    waiting(['my-lock', 'another']);
    const { lease } = held();
    void lease.release();
    expect(core.last('release').operation).toHaveProperty('next', undefined);
  });

  it('lets that one in with its answer, and acknowledges nothing', async () => {
    const { next, seat, released } = releasing();
    core.last('release').answer(handedOn());
    expect([await released, await next.outcome]).toEqual([true, { kind: 'lease' }]);
    expect(seat.request).toMatchObject({ state: 'held', token: 9 });
    expect(core.of('acknowledge')).toEqual([]);
  });

  it('changes nothing for one that has given up, or is another request by now', () => {
    const { next, seat } = releasing();
    next.giveUp('enough');
    core.last('release').answer(says.ended('waiting'));
    core.of('release')[0]?.answer(handedOn());
    expect(seat.request.state).toBe('over');
  });

  it('asks for that one when its answer is that to a repeat, or there is none', async () => {
    const first = releasing();
    core.last('release').answer(says.ended('gone'), { wasRepeated: true });
    expect(askedFor(true)).toContain(first.seat);
    core.last('check').answer(says.waiting(10_000));
    const second = held();
    second.lease.release().catch(() => undefined);
    const before = askedFor(true).length;
    core.last('release').fail(new LockConnectionError('no answer'));
    expect(askedFor(true).length).toBe(before + 1);
    await rest();
  });
});

describe('the room', () => {
  it('is joined once, however many are told of it; what was told before is asked for', () => {
    const seats = [waiting(), waiting()];
    expect(core.rooms).toEqual([ROOM]);
    core.desk.joined(ROOM);
    expect(askedFor(true)).toEqual(seats);
  });

  it('is asked about what it told between an answer and the join, also where the join is heard of first', async () => {
    open();
    open();
    const [first, second] = core.of('acquire') as [FakeCall, FakeCall];
    first.answer(says.waiting(10_000));
    await pass(1);
    core.desk.joined(ROOM);
    expect(askedFor(true)).toEqual([first.seat]);
    second.answer(says.waiting(10_000));
    expect(askedFor(true)).toEqual([first.seat, second.seat]);
    await pass(1);
    waiting();
    expect(askedFor(true)).toHaveLength(2);
  });

  it('is joined for who holds, too, who is asked about by a read', () => {
    const { seat } = held();
    core.desk.joined(ROOM);
    expect(core.rooms).toEqual([ROOM]);
    expect(askedFor(false)).toEqual([seat]);
  });

  it('may have an id beyond what a number can be', () => {
    const room = 2n ** 60n;
    open();
    core.last('acquire').answer(says.waiting(1000), { room });
    const { seat } = core.last('acquire');
    core.desk.pushed(room, 'alive', []);
    expect(askedFor(true)).toEqual([seat]);
  });

  it('0 is none', () => {
    open();
    core.last('acquire').answer(says.waiting(1000), { room: 0 });
    expect(core.rooms).toEqual([]);
  });

  it('that was removed is joined again with the next answer that names it; all are asked about', () => {
    const seat = waiting();
    core.desk.roomGone(ROOM);
    expect(askedFor(true)).toEqual([seat]);
    core.last('check').answer(says.waiting(1000));
    expect(core.rooms).toEqual([ROOM, ROOM]);
  });

  it('of others that was removed changes nothing', () => {
    waiting();
    core.desk.roomGone(ROOM + 1);
    expect(core.of('check')).toEqual([]);
  });

  it('that could not be joined is joined with the next answer; who waits asks within a second', async () => {
    const seat = waiting();
    core.desk.notJoined(ROOM, new LockConnectionError('no'), 'unanswered');
    await pass(1000);
    expect(askedFor(false)).toEqual([seat]);
    core.last('check').answer(says.waiting(1000));
    expect(core.rooms).toEqual([ROOM, ROOM]);
  });

  it('that may not be joined ends the waiting with the reason', async () => {
    const lease = open();
    core.last('acquire').answer(says.waiting(1000));
    const error = new LockPermissionError('no JOIN');
    core.desk.notJoined(ROOM, error, 'refused');
    core.last('release').answer(says.ended('waiting'));
    expect(await outcome(lease.outcome)).toEqual({ value: { kind: 'failed', error } });
  });
});

describe('a question', () => {
  it('is asked when the holder’s lease should have ended, not before', async () => {
    const seat = waiting('my-lock', 1000);
    await pass(999);
    expect(core.of('check')).toEqual([]);
    await pass(1);
    expect(askedFor(false)).toEqual([seat]);
  });

  it('is asked a little later by those further back, at most 80 ms', async () => {
    waiting('a', 1000, 3);
    waiting('b', 1000, 100);
    await pass(1009);
    expect(core.of('check')).toHaveLength(0);
    await pass(1);
    expect(core.of('check')).toHaveLength(1);
    await pass(69);
    expect(core.of('check')).toHaveLength(1);
    await pass(1);
    expect(core.of('check')).toHaveLength(2);
  });

  it('is asked by the first of those who wait for the same names alone', async () => {
    const seats = [
      waiting('a', 1000),
      waiting('a', 1000),
      waiting(['a', 'b'], 1000),
      waiting(['b', 'a'], 1000),
    ];
    await pass(1000);
    expect(askedFor(false)).toEqual([seats[0], seats[2], seats[3]]);
  });

  it('is asked by the first no later than one behind it has to', async () => {
    const first = waiting('a', 5000);
    waiting('a', 1000);
    await pass(1000);
    expect(askedFor(false)).toEqual([first]);
  });

  it('is asked once while its answer is out', async () => {
    waiting('a', 1000);
    await pass(60_000);
    expect(core.of('check')).toHaveLength(1);
  });

  it('is asked by the next when the first has left while its answer was out', async () => {
    const first = waiting('a', 1000);
    const second = waiting('a', 1000);
    await pass(1000);
    core.grant(first);
    await pass(0);
    expect(askedFor(false)).toEqual([first, second]);
  });

  it('is put off for the next as far as the first was told: its word is newer', async () => {
    const first = waiting('a', 1000);
    const second = waiting('a', 1000);
    await pass(1000);
    core.last('check').answer(says.waiting(5000));
    core.grant(first);
    await pass(4999);
    expect(askedFor(false)).toEqual([first]);
    await pass(1);
    expect(askedFor(false)).toEqual([first, second]);
  });

  it('`alive` asks for all that wait, each once, and for nobody who holds', () => {
    const seats = [waiting(), waiting('another')];
    held();
    core.push('alive');
    core.push('alive');
    expect(askedFor(true)).toEqual(seats);
  });

  it('`ask` moves the question', async () => {
    const seat = waiting('my-lock', 10_000);
    core.push('ask', seat.request.number, serverUs(), serverUs() + 300_000);
    await pass(300);
    expect(askedFor(false)).toEqual([seat]);
  });

  it('`ask` moves the question of one whose own time went by while another asked for it', async () => {
    const [first, second] = [waiting('my-lock', 50), waiting('my-lock', 60)];
    await pass(50);
    core.last('check').answer(says.waiting(60_000));
    await pass(1_000);
    core.push('ask', second.request.number, serverUs(), serverUs() + 300_000);
    await pass(300);
    expect(askedFor(false)).toEqual([first, first]);
  });

  it('`ask` never puts the question off', async () => {
    const seat = waiting('my-lock', 300);
    core.push('ask', seat.request.number, serverUs(), serverUs() + 60_000_000);
    await pass(300);
    expect(askedFor(false)).toEqual([seat]);
  });
});

describe('a flood of pushes', () => {
  /** Pushes 20,000 times in a second, and answers every question at once. Resolves with the times of the questions. */
  async function flooded(push: (i: number) => void, answer: () => Answer): Promise<number[]> {
    const timesMs = new Set<number>();
    let answered = core.calls.length;
    for (let i = 0; i < 20_000; i++) {
      push(i);
      if (i % 20 === 0) await pass(1);
      for (; answered < core.calls.length; answered++) {
        timesMs.add(performance.now());
        core.calls[answered]?.answer(answer());
      }
    }
    return [...timesMs];
  }
  /** In a second; the first comes at its beginning. */
  const ROUNDS = 1_000 / HINT_GAP_MS + 1;

  it.each<[string, (seats: readonly Seat[], i: number) => void]>([
    ['alive', () => core.push('alive')],
    ['lost', (seats, i) => core.push('lost', seats[i % 3]?.request.number, Why.stolen)],
    ['ask', (seats, i) => core.push('ask', seats[i % 3]?.request.number, serverUs(), serverUs())],
    [
      'all of them',
      (seats, i) => {
        const number = seats[i % 3]?.request.number;
        core.push(['alive', 'lost', 'ask'][i % 3] ?? '', number, ...(i % 3 === 1 ? [1] : [serverUs(), 0]));
      },
    ],
  ])('of `%s` is answered by a constant rate of questions, put together', async (_what, push) => {
    const seats = [waiting('a'), waiting('a'), waiting('b')];
    const timesMs = await flooded(
      (i) => push(seats, i),
      () => says.waiting(60_000),
    );
    expect(timesMs.length).toBeLessThanOrEqual(ROUNDS);
    // All of a round are asked in one turn, and so by one call; and the flood is answered to its end.
    expect(timesMs.length).toBeGreaterThan(ROUNDS / 2);
  });

  it('of `lost` costs who holds no more than that', async () => {
    const { lease, seat } = held();
    const timesMs = await flooded(
      () => core.push('lost', seat.request.number, Why.stolen),
      () => says.held(60_000),
    );
    expect(timesMs.length).toBeLessThanOrEqual(ROUNDS);
    expect(lease.isHeld).toBe(true);
  });

  it('keeps no true message from being heard: one that comes between two rounds is asked about in the next', async () => {
    const { lease, seat } = held();
    waiting('another');
    core.push('alive');
    core.push('lost', seat.request.number, Why.stolen);
    expect(askedFor(true)).not.toContain(seat);
    await pass(HINT_GAP_MS);
    expect(askedFor(true)).toContain(seat);
    core.last('check').answer(says.gone('stolen'));
    expect(lease.signal.aborted).toBe(true);
  });
});

describe('what is pushed to a lease', () => {
  it('`lost` is a hint: asked about before it is believed, one question for many', () => {
    const { lease, seat } = held();
    core.push('lost', seat.request.number, Why.stolen);
    core.push('lost', seat.request.number, Why.stolen);
    expect(checks(true)).toHaveLength(1);
    expect(lease.isHeld).toBe(true);
    core.last('check').answer(says.gone('stolen'));
    expect(lease.isHeld).toBe(false);
    expect(heard.slice(-1)).toEqual(['lost']);
  });

  it('`asked` tells who asks', () => {
    const { seat } = held();
    core.push('asked', seat.request.number, 'somebody');
    expect(heard.slice(-1)).toEqual(['releaseRequested']);
  });

  it('reaches nobody once it is over', () => {
    const { lease, seat } = held();
    void lease.release();
    core.last('release').answer(says.ended());
    core.push('lost', seat.request.number, Why.stolen);
    expect(core.of('check')).toEqual([]);
    expect(core.desk.seats).toEqual([]);
  });
});

describe('a lost connection', () => {
  it('leaves every request its place: all are asked about once there is another, what is withdrawn first', () => {
    const given = waiting('given-up');
    const seat = waiting();
    const { seat: holder } = held();
    core.desk.giveUp(given, 'enough');
    core.last('release').fail(new LockConnectionError('lost'));
    core.desk.disconnected();
    core.calls.splice(0);
    core.desk.connected();
    expect(core.calls.map((call) => [call.seat, call.operation.kind])).toEqual([
      [given, 'withdraw'],
      [seat, 'check'],
      [holder, 'extend'],
    ]);
  });

  it('has the room joined again by the next answer', () => {
    waiting();
    core.desk.disconnected();
    core.desk.connected();
    core.last('check').answer(says.waiting(1000));
    expect(core.rooms).toEqual([ROOM, ROOM]);
  });

  it('that cannot come back ends every wait with the reason, those not answered yet too', async () => {
    const leases = [open(), open()];
    core.of('acquire')[0]?.answer(says.waiting(1000));
    const reason = new LockConnectionError('for good');
    core.desk.cutOff(reason);
    for (const lease of leases)
      expect(await outcome(lease.outcome)).toEqual({ value: { kind: 'failed', error: reason } });
  });
});

describe('the process', () => {
  it('lives for who asks, waits and holds, and for nobody else', () => {
    expect([...core.alive]).toEqual([]);
    const lease = open();
    expect([...core.alive]).toEqual([[Infinity, 1]]);
    core.last('acquire').answer(says.held(60_000));
    expect([...core.alive]).toEqual([[60_000, 1]]);
    void lease.release();
    expect([...core.alive]).toEqual([[Infinity, 1]]);
    core.last('release').answer(says.ended());
    expect([...core.alive]).toEqual([]);
  });

  it('does not live for a withdrawal that nobody waits for', () => {
    open();
    core.last('acquire').fail(new LockConnectionError('no answer'));
    expect(core.of('withdraw')).toHaveLength(1);
    expect([...core.alive]).toEqual([]);
    core.last('withdraw').answer(says.ended('gone'));
  });
});

describe('a withdrawal that nobody waits for', () => {
  async function failed(): Promise<void> {
    core.desk.giveUp(waiting(), new Error('not wanted'));
    await pass(500);
    core.last('release').fail(new LockConnectionError('no answer'));
  }

  it('is tried again soon', async () => {
    await failed();
    await pass(100);
    expect(core.of('withdraw')).toHaveLength(1);
  });

  it('waits while a connection is looked for, which may keep the process alive; the connection has it tried at once', async () => {
    await failed();
    core.isSearching = true;
    await pass(10_000);
    expect(core.of('withdraw')).toHaveLength(0);
    core.desk.connected();
    expect(core.of('withdraw')).toHaveLength(1);
  });

  it('goes on once nothing is looked for, and is over after a minute whatever is', async () => {
    await failed();
    core.isSearching = true;
    await pass(1_000);
    core.isSearching = false;
    await pass(250);
    core.last('withdraw').fail(new LockConnectionError('no answer'));
    core.isSearching = true;
    await pass(60_000);
    expect(core.of('withdraw')).toHaveLength(2);
  });
});

describe('renewals', () => {
  it('of leases that are due within a sixth of their ttl go together from then on; others wait for their time', async () => {
    const first = held();
    await pass(4_000);
    const second = held();
    await pass(8_000);
    const third = held();
    await pass(8_500);
    const renewed = (): Seat[] => core.of('extend').map(({ seat }) => seat);
    expect(renewed()).toEqual([first.seat, second.seat]);
    for (const call of core.of('extend')) call.answer(says.held(60_000));
    expect(second.seat.request.time?.renewAtMs).toBe(first.seat.request.time?.renewAtMs);
    await pass(12_000);
    expect(renewed().slice(2)).toEqual([third.seat, first.seat, second.seat]);
  });
});

describe('a machine that slept', () => {
  it('is found out by the first look, for every lease of the manager', () => {
    const [first, second] = [held(), held()];
    jest.setSystemTime(Date.now() + 90_000);
    expect(first.lease.isHeld).toBe(false);
    expect(second.seat.request.state).toBe('doubted');
    expect(first.lease.remaining()).toBe(0);
    expect(askedFor(true)).toEqual([first.seat, second.seat]);
    for (const call of checks(true)) call.answer(says.held(60_000));
    expect([first.lease.isHeld, second.lease.isHeld]).toEqual([true, true]);
    expect(first.lease.signal.aborted).toBe(false);
  });

  it('is found out by whatever comes from the server', () => {
    const { seat } = held();
    jest.setSystemTime(Date.now() + 90_000);
    core.push('alive');
    expect(seat.request.state).toBe('doubted');
  });
});

it('numbers differ within a manager, and ids cannot be guessed', () => {
  const seats = [waiting(), waiting(), waiting()];
  expect(new Set(seats.map(({ request }) => request.number)).size).toBe(3);
  expect(new Set(seats.map(({ request }) => request.id)).size).toBe(3);
  for (const { request } of seats) expect(request.id).toMatch(/^[\w-]{32}$/);
});
