/**
 * Whoever may JOIN the collection, and nothing else, can tell every room of it what he likes: ThingsDB gives that right
 * with JOIN. What he tells may cost a question. It grants nothing, takes nothing away, and ends no connection. One who
 * has read what is stored can let a waiter in for a round trip, unless that confirms its grants. Nothing in an answer
 * confirms that a lock is wanted. A forged message costs what a lock costs without `linger`, and its holder is told at
 * a constant rate.
 */
import type { LockManager } from '../../lib/index.js';
import { FencingGuard, type Lease, type LockOptions } from '../../lib/index.js';
import { HINT_GAP_MS } from '../../lib/manager/hints.js';
import { proofOf } from '../../lib/schema/constants.js';
import { SMALL, unreadableBodies } from '../hostile/hostile-answers.js';
import { CountingRelay } from '../hostile/counting-relay.js';
import { HostileClient } from '../hostile/hostile-client.js';
import { Extension, ExtensionValue, type Sent } from '../hostile/wire.js';
import { onEachBackEnd, type BackEnd } from '../support/back-end.js';
import { nextEvent } from '../support/until.js';

/** All rooms that there can be in the collection of a test have smaller ids. */
const ROOMS = Array.from({ length: 80 }, (_, i) => BigInt(i + 1));
/** So many emits are under way at a time. */
const TOGETHER = 200;
const PASSWORD = 'pass';
const FLOOD = 20_000;
const WISHES = 5_000;
/** What the answers of two managers to forged questions may cost besides. */
const MOST_CALLS = 60;
const LIMIT_MS = 120_000;
/** In microseconds since 1970: a token that a guard would keep for ever. */
const CENTURY_AHEAD = 9_007_100_000_000_000n;
const HOUR_US = 3_600_000_000n;

const nowUs = (): bigint => BigInt(Date.now()) * 1000n;

/** One manager holds `x`, another waits for it, and a user with JOIN alone is there too. */
class Scene implements AsyncDisposable {
  readonly guard = new FencingGuard();
  readonly disconnected: string[] = [];
  readonly lost: string[] = [];
  isGranted = false;

  private constructor(
    readonly backEnd: BackEnd,
    readonly relay: CountingRelay,
    readonly holder: LockManager,
    readonly waiter: LockManager,
    readonly forger: HostileClient,
    readonly lease: Lease,
    readonly waiting: Promise<Lease>,
  ) {
    this.guard.check('x', lease.fencingToken);
    for (const [name, manager] of [
      ['holder', holder],
      ['waiter', waiter],
    ] as const) {
      manager.on('disconnected', () => this.disconnected.push(name));
      manager.on('lost', ({ reason }) => this.lost.push(reason));
      manager.on('error', () => undefined);
    }
    void waiting.then(
      () => (this.isGranted = true),
      () => undefined,
    );
  }

  static async open(backEnd: BackEnd, options: LockOptions = {}): Promise<Scene> {
    const relay = await CountingRelay.to(backEnd.tcp);
    const [holder, waiter] = [1, 2].map(() => backEnd.manager({ url: relay.url })) as [
      LockManager,
      LockManager,
    ];
    const lease = await holder.acquire('x', { ttl: '60s' });
    const waiting = waiter.acquire('x', { ttl: '60s', waitTimeout: '60s', ...options });
    waiting.catch(() => undefined);
    await nextEvent(waiter, 'waiting');
    const username = `forger_${backEnd.collection}`;
    await backEnd.query(
      'has_user(name) || new_user(name); set_password(name, password); grant(scope, name, JOIN);',
      { name: username, password: PASSWORD, scope: `//${backEnd.collection}` },
      '@thingsdb',
    );
    const forger = await HostileClient.connect(backEnd.tcp, { username, password: PASSWORD });
    return new Scene(backEnd, relay, holder, waiter, forger, lease, waiting);
  }

  /** Tells all of this in all rooms. */
  async forge(messages: readonly (readonly [event: string, args: readonly Sent[]])[]): Promise<void> {
    const emits = messages.flatMap(([event, args]) => ROOMS.map((room) => [room, event, args] as const));
    await this.emit(emits);
  }

  async emit(
    emits: readonly (readonly [room: bigint, event: string, args: readonly Sent[]])[],
  ): Promise<void> {
    const scope = `//${this.backEnd.collection}`;
    for (let i = 0; i < emits.length; i += TOGETHER) {
      const some = emits.slice(i, i + TOGETHER);
      // Rooms that do not exist refuse; that is not what is looked at.
      await Promise.all(some.map(([room, event, args]) => this.forger.emit(scope, room, event, args)));
    }
    // What was pushed has arrived once a later question of each has its answer.
    await Promise.all([this.holder.isLocked('x'), this.waiter.isLocked('x')]);
  }

  /** All is as it was; and it goes on as it should. */
  async endsWell(): Promise<void> {
    expect([this.isGranted, this.lease.isHeld, this.lease.signal.aborted]).toEqual([false, true, false]);
    expect([this.lost, this.disconnected]).toEqual([[], []]);
    expect(await this.lease.release()).toBe(true);
    const startMs = performance.now();
    const next = await this.waiting;
    expect(this.backEnd.ranMs(startMs)).toBeLessThan(2_000);
    this.guard.check('x', next.fencingToken);
    expect(next.fencingToken).toBeGreaterThan(this.lease.fencingToken);
    expect(await next.release()).toBe(true);
    const last = await this.holder.acquire('x');
    this.guard.check('x', last.fencingToken);
    await last.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.forger.close();
    await Promise.all([this.holder.close(), this.waiter.close()]);
    await this.relay[Symbol.asyncDispose]();
  }
}

onEachBackEnd('a user with JOIN alone', (backEnd) => {
  beforeAll(() => backEnd.manager().setup());

  test(
    'cannot forge a grant, whatever token, proof and times it comes with',
    async () => {
      await using scene = await Scene.open(backEnd);
      const now = nowUs();
      const numbers = [0n, 1n, 2n, 3n];
      const proofs = [
        '',
        'a'.repeat(16),
        'a'.repeat(32),
        5n,
        null,
        new ExtensionValue(Extension.name, Buffer.from('a')),
      ];
      const times: readonly (readonly Sent[])[] = [
        [now, now, now + 800_000n],
        [2n ** 53n - 1n, now, now + 800_000n],
        [2n ** 63n - 1n, now, now + 800_000n],
        [-5n, now, now + 800_000n],
        ['x', 'y', 'z'],
        [NaN, NaN, NaN],
        [now, 0n, 2n ** 53n - 1n],
      ];
      await scene.forge([
        ...numbers.flatMap((number) =>
          proofs.flatMap((proof) => times.map((time) => ['granted', [number, proof, ...time]] as const)),
        ),
        // Without a proof.
        ...numbers.map((number) => ['granted', [number, now, now, now + 800_000n]] as const),
      ]);
      await scene.endsWell();
    },
    LIMIT_MS,
  );

  test(
    'cannot take a lease away by saying that it is lost',
    async () => {
      await using scene = await Scene.open(backEnd);
      const callsBefore = scene.relay.calls;
      await scene.forge(
        [0n, 1n, 2n].flatMap((number) => [1n, 2n, 0n, 77n].map((why) => ['lost', [number, why]] as const)),
      );
      expect(scene.relay.calls - callsBefore).toBeLessThan(MOST_CALLS);
      await scene.endsWell();
    },
    LIMIT_MS,
  );

  test(
    'cannot wake anybody from waiting by asking again, not even in 200 years',
    async () => {
      await using scene = await Scene.open(backEnd);
      const now = nowUs();
      const centuries = 6_311_520_000_000_000n;
      const whens = [0n, now, now - centuries, now + centuries, 2n ** 63n - 1n, -1n, 'x', NaN, null];
      await scene.forge(
        [1n, 2n].flatMap((number) => whens.map((when) => ['ask', [number, now, when]] as const)),
      );
      await scene.endsWell();
    },
    LIMIT_MS,
  );

  test(
    'is passed over where what he tells cannot be read',
    async () => {
      await using scene = await Scene.open(backEnd);
      const events = ['granted', 'ask', 'lost', 'asked', 'alive', 'watch', 'check', 'acquired', 'x', ''];
      await scene.forge(events.flatMap((event) => [[event, []] as const, [event, [1n, ...SMALL]] as const]));
      await scene.forge(
        SMALL.flatMap((value) => events.slice(0, 4).map((event) => [event, [value, value]] as const)),
      );
      // ThingsDB passes an argument of this type on as it is.
      const packed = [...unreadableBodies().values()].map(
        (body) => new ExtensionValue(Extension.packed, body),
      );
      const rooms = await roomsOf(scene);
      await scene.emit(packed.flatMap((value) => rooms.map((room) => [room, 'granted', [value]] as const)));
      await scene.endsWell();
    },
    LIMIT_MS,
  );

  test(
    `can ask ${FLOOD} times for signs of life, and gets a few`,
    async () => {
      await using scene = await Scene.open(backEnd);
      const rooms = await roomsOf(scene);
      expect(rooms).toHaveLength(2);
      const startMs = performance.now();
      const callsBefore = scene.relay.calls;
      const kinds: readonly (readonly [string, readonly Sent[]])[] = [
        ['alive', []],
        ['lost', [1n, 1n]],
        ['ask', [1n, nowUs(), nowUs()]],
        ['alive', []],
      ];
      await scene.emit(
        Array.from({ length: FLOOD }, (_, i) => {
          const [event, args] = kinds[i % kinds.length] as (typeof kinds)[number];
          return [rooms[Math.floor(i / kinds.length) % rooms.length] as bigint, event, args] as const;
        }),
      );
      // Put together: each of the two managers asks at a constant rate.
      const rounds = Math.ceil((performance.now() - startMs) / HINT_GAP_MS);
      expect(scene.relay.calls - callsBefore).toBeLessThan(2 * rounds + MOST_CALLS);
      await scene.endsWell();
    },
    LIMIT_MS,
  );
});

onEachBackEnd('a user with JOIN alone, who says that a lock is wanted,', (backEnd) => {
  beforeAll(() => backEnd.manager().setup());

  test(
    `is told of 25 times a second at most, however many of ${WISHES} messages ask its holder to release`,
    async () => {
      await using scene = await Scene.open(backEnd);
      const rooms = await roomsOf(scene);
      const told: string[] = [];
      scene.holder.on('releaseRequested', ({ by }) => told.push(by));
      const startMs = performance.now();
      const callsBefore = scene.relay.calls;
      await scene.emit(
        Array.from({ length: WISHES }, (_, i) => [
          rooms[i % rooms.length] as bigint,
          'asked',
          [1n, i % 3 === 0 ? 'one' : 'another'],
        ]),
      );
      const rounds = Math.ceil((performance.now() - startMs) / HINT_GAP_MS);
      expect(new Set(told)).toEqual(new Set(['one', 'another']));
      expect(told.length).toBeLessThan(2 * (rounds + 2));
      expect(scene.relay.calls - callsBefore).toBeLessThan(MOST_CALLS);
      await scene.endsWell();
    },
    LIMIT_MS,
  );

  test(
    'makes one that lingers cost what one without linger costs, and no more',
    async () => {
      await using scene = await Scene.open(backEnd);
      const lingering = scene.holder.get('y', { ttl: '60s', linger: '30s' });
      const rooms = await roomsOf(scene);
      let isForging = true;
      const callsBefore = scene.relay.calls;
      const useAgainAndAgain = async (): Promise<number> => {
        let uses = 0;
        for (; isForging; uses++) {
          const lease = await lingering.acquire();
          expect(lease.isHeld).toBe(true);
          expect(await lease.release()).toBe(true);
          await new Promise((resolve) => setImmediate(resolve));
        }
        return uses;
      };
      const used = useAgainAndAgain();
      await scene.emit(
        Array.from({ length: WISHES }, (_, i) => [
          rooms[i % rooms.length] as bigint,
          'wanted',
          [BigInt(Math.floor(i / 4) % 2_000)],
        ]),
      );
      isForging = false;
      expect(scene.relay.calls - callsBefore).toBeLessThan(2 * (await used) + MOST_CALLS);
      // It lingers as before: a hundred uses, and next to no call.
      const callsAfter = scene.relay.calls;
      for (let uses = 0; uses < 100; uses++) await (await lingering.acquire()).release();
      expect(scene.relay.calls - callsAfter).toBeLessThan(20);
      await scene.endsWell();
    },
    LIMIT_MS,
  );
});

onEachBackEnd('one who has read what is stored', (backEnd) => {
  beforeAll(() => backEnd.manager().setup());

  test('lets a waiter in by a perfect grant, until the server has answered', async () => {
    await using scene = await Scene.open(backEnd);
    const lost = nextEvent(scene.waiter, 'lost');
    await forgeWithProof(scene);
    const lease = await scene.waiting;
    await lost;
    expect([lease.isHeld, lease.signal.aborted, scene.lease.isHeld]).toEqual([false, true, true]);
    // A guard that has seen the forged token goes on taking what is true.
    scene.guard.check('x', lease.fencingToken);
    expect(await scene.lease.release()).toBe(true);
    const next = await scene.waiter.acquire('x');
    scene.guard.check('x', next.fencingToken);
    expect(await next.release()).toBe(true);
  });

  test.each<[string, (nowUs: bigint) => bigint, (nowUs: bigint) => bigint]>([
    ['of a time', () => CENTURY_AHEAD, () => CENTURY_AHEAD],
    ['with a token', (at) => at, (at) => at + HOUR_US],
  ])('lets nobody in by a grant %s that no clock shows yet', async (_which, at, token) => {
    await using scene = await Scene.open(backEnd);
    await forgeWithProof(scene, at(nowUs()), token(nowUs()));
    await scene.endsWell();
  });

  test('lets nobody in who confirms grants', async () => {
    await using scene = await Scene.open(backEnd, { confirmGrants: true });
    await forgeWithProof(scene);
    await scene.endsWell();
  });

  test('is kept out at the price of one round trip: as many calls, of which one is waited for', async () => {
    expect(await callsOfHandOver(backEnd, true)).toBe(await callsOfHandOver(backEnd, false));
  });
});

/** The grant of the request that waits, as the server would push it, by one who has read what is stored. */
async function forgeWithProof(scene: Scene, at = nowUs(), forged?: bigint): Promise<void> {
  const code = `
    wse();
    .thingsdb_lock.waiting.values().map(|r| [r.inbox.room.id(), r.number, r.id, .thingsdb_lock.token]);`;
  const rows = (await scene.backEnd.query(code)) as [number, number, string, number][];
  expect(rows).toHaveLength(1);
  await scene.emit(
    rows.map(([room, number, id, token]) => [
      BigInt(room),
      'granted',
      [BigInt(number), proofOf(id), forged ?? BigInt(token + 1), at, at + 800_000n],
    ]),
  );
}

/** How many calls a hand-over takes with these options, counted from the request on. */
async function callsOfHandOver(backEnd: BackEnd, confirmGrants: boolean): Promise<number> {
  await using scene = await Scene.open(backEnd, { confirmGrants });
  await scene.emit([]);
  const callsBefore = scene.relay.calls;
  await scene.lease.release();
  const next = await scene.waiting;
  await next.release();
  return scene.relay.calls - callsBefore;
}

/** Those of the inboxes in the collection. */
async function roomsOf({ backEnd }: Scene): Promise<bigint[]> {
  const code = 'wse(); .thingsdb_lock.inboxes.values().map(|box| box.room.id());';
  return ((await backEnd.query(code)) as number[]).map(BigInt);
}
