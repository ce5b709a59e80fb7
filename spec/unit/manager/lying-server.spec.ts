/**
 * A server may say whatever it likes, and push whatever it likes, as fast as it can. Here it answers within a
 * millisecond and pushes each millisecond. What a manager does about it has a pace of its own.
 */
import type { FakeCore } from '../../support/fake-core.js';
import { ROOM, says, serverUs, withFakeCore, type FakeCall } from '../../support/fake-core.js';
import { FakeWatches } from '../../support/fake-watches.js';
import { OWN_TERMS } from '../../support/own-terms.js';
import { pass, rest } from '../../support/fake-time.js';
import { Emitter } from '../../../lib/emitter.js';
import { LockLostError } from '../../../lib/errors.js';
import type { LockEvents } from '../../../lib/events.js';
import { PackageType } from '../../../lib/client/package-type.js';
import { adoptedLease } from '../../../lib/manager/adoption.js';
import type { LockTeller } from '../../../lib/manager/event-relay.js';
import type { HeldLease } from '../../../lib/manager/held-lease.js';
import { randomId } from '../../../lib/manager/random-id.js';
import { serializedLease } from '../../../lib/manager/serialized-lease.js';
import { WatchList } from '../../../lib/manager/watch-list.js';
import { Request } from '../../../lib/request/request.js';
import { LockProcedures } from '../../../lib/schema/lock-procedures.js';
import { Why } from '../../../lib/schema/constants.js';
import type { Answer } from '../../../lib/schema/operations.js';
import { TERMS } from '../../request/script.js';
import { outcome } from '../../support/outcome.js';

const LAST_MS = 2_000;
/** At the pace of the network there would be 2,000 in this time, and more. */
const MOST_CALLS = 2 * (LAST_MS / 40) + 20;

let core: FakeCore;
let heard: string[];

withFakeCore((made) => {
  core = made;
  heard = [];
});

function open(terms = {}): HeldLease {
  const teller: LockTeller = { tell: (event) => void heard.push(event) };
  return core.open({ ...OWN_TERMS, waitTimeoutMs: Infinity, ...terms }, teller);
}

interface Lies {
  /** `undefined`: the call is left without an answer. */
  readonly answer: (call: FakeCall) => Answer | undefined;
  readonly room?: () => number;
  /** Pushes something, each millisecond. */
  readonly push?: () => void;
}

/** The server goes on so for two seconds. Returns how many calls were made meanwhile. */
async function lies({ answer, room = () => ROOM, push }: Lies): Promise<number> {
  const before = core.calls.length;
  for (let ms = 0; ms < LAST_MS; ms++) {
    push?.();
    for (const call of core.calls.filter(({ isOpen }) => isOpen)) {
      const told = answer(call);
      if (told !== undefined) call.answer(told, { room: room() });
    }
    await jest.advanceTimersByTimeAsync(1);
  }
  return core.calls.length - before;
}

/** A waiting request, of which the server says that it has time. */
function waiting(terms = {}): FakeCall {
  open(terms);
  const call = core.last('acquire');
  call.answer(says.waiting(60_000));
  core.desk.joined(ROOM);
  return call;
}

function held(terms = {}): FakeCall {
  open(terms);
  const call = core.last('acquire');
  call.answer(says.held(60_000));
  core.desk.joined(ROOM);
  return call;
}

const leaseLeft = (ms: number) => (): Answer => says.held(ms);

describe('a server does not set the pace by its answers', () => {
  it.each<[string, () => Answer]>([
    ['a century ago', () => says.waiting(-3_000_000_000)],
    ['now', () => says.waiting(0)],
    ['in a microsecond', () => says.waiting(0.001)],
    ['in 5 ms', () => says.waiting(5)],
  ])('when it says to ask %s', async (_when, answer) => {
    open();
    expect(await lies({ answer })).toBeLessThan(MOST_CALLS);
  });

  it('when it says to ask ever less often at last, and then more often again', async () => {
    open();
    let turn = 0;
    expect(await lies({ answer: () => says.waiting(++turn % 4 === 0 ? 50 : 0.001) })).toBeLessThan(
      MOST_CALLS,
    );
  });

  it('when it does not know the request that it has just put into the queue', async () => {
    open();
    const answer = ({ operation }: FakeCall): Answer =>
      operation.kind === 'check' ? says.gone() : says.waiting(0.001);
    expect(await lies({ answer })).toBeLessThan(2 * MOST_CALLS);
  });

  it('when it gives leases that are over when they arrive', async () => {
    open();
    const answer = ({ operation }: FakeCall): Answer =>
      operation.kind === 'check' ? says.held(0.001) : says.waiting(0.001);
    expect(await lies({ answer })).toBeLessThan(3 * MOST_CALLS);
  });

  it.each([6, 8, 20, 30])('when it renews a lease by %d ms', async (ms) => {
    held();
    core.desk.connected();
    expect(await lies({ answer: leaseLeft(ms) })).toBeLessThan(MOST_CALLS);
  });

  it('when the lease to adopt is over each time: then it is lost', async () => {
    const origin = new Request(7, { ...TERMS, ttlMs: 9_000 }, randomId, 0);
    origin.token = 7;
    const manager = new Emitter<LockEvents>();
    const adopting = { defaults: {}, options: undefined };
    const adopted = adoptedLease(core, serializedLease(origin), adopting, manager);
    adopted.catch(() => undefined);
    await rest();
    expect(await lies({ answer: leaseLeft(0.001) })).toBeLessThan(10);
    expect(await outcome(adopted)).toEqual({ error: expect.any(LockLostError) as unknown });
  });

  it('when it names another room in each answer', async () => {
    waiting();
    let room = ROOM;
    const calls = await lies({
      answer: () => says.waiting(60_000),
      room: () => ++room,
      push: () => core.rooms.slice(-1).forEach((last) => core.desk.joined(last)),
    });
    expect(calls).toBeLessThan(MOST_CALLS);
    expect(core.rooms.length).toBeLessThan(12);
  });

  it('when it says that there is more to close, for ever', async () => {
    let calls = 0;
    const procedures = new LockProcedures(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (++calls > LAST_MS) throw new Error('it is asked for ever');
        return { value: performance.now() < startMs + LAST_MS, sentMs: 0, wasRepeated: false };
      },
      { inbox: randomId(), owner: 'me' },
    );
    const startMs = performance.now();
    const closed = procedures.close();
    await pass(LAST_MS + 1_000);
    await closed;
    expect(calls).toBeLessThan(MOST_CALLS);
  });
});

describe('a server does not set the pace by what it pushes', () => {
  it.each<[string, () => void]>([
    ['to ask in a microsecond', () => core.push('ask', 1, serverUs(), serverUs() + 1)],
    ['to ask in 3 ms', () => core.push('ask', 1, serverUs(), serverUs() + 3_000)],
    ['to show a sign of life', () => core.push('alive')],
    ['that the lease is lost', () => core.push('lost', 1, Why.stolen)],
    ['that the room is gone', () => core.desk.roomGone(ROOM)],
  ])('%s, to one that waits', async (_what, push) => {
    waiting();
    const calls = await lies({ answer: () => says.waiting(60_000), push });
    expect(calls).toBeGreaterThan(2);
    expect(calls).toBeLessThan(MOST_CALLS);
  });

  it('grants that were over before they came', async () => {
    const { seat } = waiting();
    const push = (): void => {
      const { number, id } = seat.request;
      core.push('granted', number, id.slice(0, 16), 7, serverUs() - 9_000_000, serverUs() - 8_000_000);
    };
    expect(await lies({ answer: () => says.waiting(60_000), push })).toBeLessThan(MOST_CALLS);
  });

  it('grants that it denies when they are acknowledged', async () => {
    const { seat } = waiting({ confirmGrants: true });
    const push = (): void => core.grant(seat);
    expect(await lies({ answer: () => says.waiting(60_000), push })).toBeLessThan(2 * MOST_CALLS);
    expect(heard).toEqual(['waiting']);
  });

  it('grants of a request that is withdrawn', async () => {
    const { seat } = waiting();
    core.desk.giveUp(seat, new Error('not wanted'));
    expect(await lies({ answer: () => undefined, push: () => core.grant(seat) })).toBeLessThan(MOST_CALLS);
  });

  it('grants of a lease that is held', async () => {
    const { seat } = held();
    expect(await lies({ answer: leaseLeft(60_000), push: () => core.grant(seat) })).toBeLessThan(5);
  });

  it('that somebody would like to have the lock: its holder is told 25 times a second at most', async () => {
    held();
    let turn = 0;
    const push = (): void => core.push('asked', 1, `asker ${++turn % 3}`);
    expect(await lies({ answer: leaseLeft(60_000), push })).toBeLessThan(5);
    const told = heard.filter((event) => event === 'releaseRequested');
    expect(told.length).toBeGreaterThan(3);
    expect(told.length).toBeLessThan(3 * (LAST_MS / 40) + 10);
  });

  it('that a lease which lingers is wanted: each use costs what it costs without linger', async () => {
    let uses = 0;
    const use = (): void => {
      const lease = open({ lingerMs: 10_000 });
      void lease.outcome.then(async () => {
        uses++;
        await lease.release();
        if (uses < 200) use();
      });
    };
    use();
    const calls = await lies({
      answer: ({ operation }) => (operation.kind === 'release' ? says.ended() : says.held(60_000)),
      push: () => core.calls.slice(-3).forEach(({ seat }) => core.push('wanted', seat.request.number)),
    });
    expect(uses).toBe(200);
    expect(calls).toBeLessThanOrEqual(2 * uses + 2);
  });

  it('that the lease is lost, or wanted, to a request that is not there', async () => {
    const push = (): void => {
      core.push('lost', 99, Why.stolen);
      core.push('wanted', 99);
    };
    expect(await lies({ answer: () => undefined, push })).toBe(0);
  });
});

describe('a watch', () => {
  it('is not taken up at the pace at which a server removes its room', async () => {
    const procedures = new FakeWatches();
    const list = new WatchList(
      procedures,
      () => Promise.resolve(true),
      () => undefined,
      () => () => undefined,
    );
    const opened = list.open('my-lock');
    let room = ROOM;
    procedures.last.answer([room]);
    const watch = await opened;
    let answered = 1;
    for (let ms = 0; ms < LAST_MS; ms++) {
      list.pushed(PackageType.roomDelete, { id: room });
      await jest.advanceTimersByTimeAsync(1);
      for (const call of procedures.calls.slice(answered)) call.answer([++room]);
      answered = procedures.calls.length;
      await rest();
    }
    expect(answered).toBeGreaterThan(3);
    expect(answered).toBeLessThan(12);
    watch.close();
  });
});
