/**
 * A server may lie. Whatever it answers, and to whatever, the process lives. Each call comes to an end in its time,
 * with a typed error or a value that can be. Nothing is asked again and again, and no lease is longer than it was asked
 * for.
 */
import { LockError, LockManager, type Lease } from '../../lib/index.js';
import { hostileBatches, hostileReplies, unreadableBodies } from '../hostile/hostile-answers.js';
import {
  ClientPackage,
  isBatch,
  nowUs,
  packageOf,
  ROOM,
  ScriptedServer,
  type Reply,
  type ScriptedCall,
  type Transport,
} from '../hostile/scripted-server.js';
import { SentMap } from '../hostile/wire.js';
import { inTime } from '../support/in-time.js';
import { StallMeter } from '../support/stall-meter.js';
import { until } from '../support/until.js';

const REQUEST_MS = 250;
const WAIT_MS = 600;
const TTL_MS = 2_000;
/** By then every call has ended, also on a machine that is busy with all of them. */
const END_MS = 8_000;
/** More calls than any of these needs. */
const MOST_CALLS = 40;
const LIMIT_MS = 120_000;

const stalls = new StallMeter();
beforeEach(() => stalls.start());
afterEach(() => stalls.stop());

const rejections: unknown[] = [];
const noted = (reason: unknown): void => void rejections.push(reason);
beforeAll(() => void process.on('unhandledRejection', noted));
afterAll(() => void process.off('unhandledRejection', noted));

function managerOf(server: ScriptedServer, options: object = {}): LockManager {
  return new LockManager({
    url: server.url,
    auth: { username: 'admin', password: 'pass' },
    requestTimeout: REQUEST_MS,
    defaults: { ttl: TTL_MS, waitTimeout: WAIT_MS },
    ...options,
  });
}

const isRun = (procedure: string) => (call: ScriptedCall) => call.procedure === procedure;
const isOperation = (kind: string) => (call: ScriptedCall) =>
  isBatch(call) && (call.args[3] as unknown[][]).some((operation) => operation[0] === kind);
const isOf = (type: number) => (call: ScriptedCall) => call.type === type;

interface Attempt {
  readonly name: string;
  /** Which calls of it are answered by the hostile server as it likes. */
  readonly isHostile: (call: ScriptedCall) => boolean;
  /** What it answers to other calls, where that is not as an honest one does. */
  readonly script?: (call: ScriptedCall) => Reply | undefined;
  readonly run: (manager: LockManager) => Promise<unknown>;
  /** Its answer is a list of answers to operations. */
  readonly isBatch?: boolean;
}

const NOT_FOUND = new SentMap([
  ['error_code', -54n],
  ['error_msg', 'not found'],
]);

const acquired = (manager: LockManager): Promise<Lease> => manager.acquire('x');

const ATTEMPTS: readonly Attempt[] = [
  { name: 'acquire', isHostile: isOperation('acquire'), run: acquired, isBatch: true },
  {
    name: 'tryAcquire',
    isHostile: isOperation('try'),
    run: (manager) => manager.get('x').tryAcquire(),
    isBatch: true,
  },
  {
    name: 'steal',
    isHostile: isRun('lock_steal'),
    run: (manager) => manager.acquire('x', { steal: true }),
    isBatch: true,
  },
  {
    name: 'extend',
    isHostile: isOperation('extend'),
    run: async (manager) => {
      const lease = await acquired(manager);
      await lease.extend();
      return lease;
    },
    isBatch: true,
  },
  {
    name: 'release',
    isHostile: isOperation('release'),
    run: async (manager) => (await acquired(manager)).release(),
    isBatch: true,
  },
  {
    name: 'release before minHold',
    isHostile: isOperation('keep'),
    run: async (manager) => (await manager.acquire('x', { minHold: '1h', ttl: '2h' })).release(),
    isBatch: true,
  },
  {
    name: 'serialize',
    isHostile: isOperation('transfer'),
    run: async (manager) => (await acquired(manager)).serialize(),
    isBatch: true,
  },
  {
    name: 'adopt',
    isHostile: isOperation('adopt'),
    run: async (manager) => manager.adopt(await (await acquired(manager)).serialize()),
    isBatch: true,
  },
  { name: 'query', isHostile: isRun('lock_query'), run: (manager) => manager.query() },
  { name: 'isLocked', isHostile: isRun('lock_locked'), run: (manager) => manager.isLocked('x') },
  {
    name: 'forceRelease',
    isHostile: isRun('lock_force_release'),
    run: (manager) => manager.forceRelease('x'),
  },
  { name: 'requestRelease', isHostile: isRun('lock_ask'), run: (manager) => manager.requestRelease('x') },
  { name: 'watch', isHostile: isRun('lock_watch'), run: (manager) => manager.watch('x') },
  { name: 'setup', isHostile: isRun('lock_schema'), run: (manager) => manager.setup() },
  {
    name: 'installing',
    isHostile: isOf(ClientPackage.query),
    script: (call) => (isRun('lock_schema')(call) ? { error: NOT_FOUND } : undefined),
    run: (manager) => manager.setup(),
  },
  { name: 'joining a room', isHostile: isOf(ClientPackage.join), run: (manager) => manager.watch('x') },
  { name: 'logging in', isHostile: isOf(ClientPackage.auth), run: acquired },
];

/** What is wrong with what came of an attempt; nothing if all is well. */
async function complaintsAbout(attempt: Attempt, reply: Reply, transport: Transport): Promise<string[]> {
  await using server = await ScriptedServer.start(transport);
  server.script = (call) => (attempt.isHostile(call) ? reply : attempt.script?.(call));
  const manager = managerOf(server);
  manager.on('error', () => undefined);
  const complaints: string[] = [];
  const startMs = performance.now();
  const outcome = await attempt.run(manager).catch((error: unknown) => error);
  const tookMs = stalls.ranMs(startMs);
  if (tookMs > END_MS) complaints.push(`it took ${Math.round(tookMs)} ms`);
  if (outcome instanceof Error && !(outcome instanceof LockError)) {
    complaints.push(`it rejected with ${outcome.stack}`);
  }
  complaints.push(...leaseComplaints(outcome));
  const { length } = server.calls;
  const lastedMs = performance.now() - startMs;
  if (length > MOST_CALLS + lastedMs / 20)
    complaints.push(`${length} calls were made in ${Math.round(lastedMs)} ms`);
  const closeMs = performance.now();
  await manager.close();
  if (stalls.ranMs(closeMs) > END_MS) complaints.push('close() took too long');
  if ((Object.prototype as { polluted?: unknown }).polluted !== undefined)
    complaints.push('it polluted a prototype');
  return complaints;
}

function leaseComplaints(outcome: unknown): string[] {
  if (typeof outcome !== 'object' || outcome === null || !('remaining' in outcome)) return [];
  const lease = outcome as Lease;
  const { fencingToken } = lease;
  const leftMs = lease.remaining();
  const isToken = Number.isSafeInteger(fencingToken) && fencingToken > 0;
  return [
    ...(isToken && fencingToken <= nowUs() + 86_400_000_000 ? [] : [`a token of ${fencingToken}`]),
    ...(leftMs <= TTL_MS ? [] : [`a lease of ${leftMs} ms`]),
  ];
}

const transports: readonly Transport[] = ['thingsdb', 'ws'];

describe.each(transports)('over %s, whatever a server answers to', (transport) => {
  // What differs between them is how packages are cut: one call of each kind shows it.
  const attempts =
    transport === 'ws' ? ATTEMPTS.filter(({ name }) => /^(acquire|logging in)$/.test(name)) : ATTEMPTS;

  test.each(attempts)(
    '$name, it ends in time, with a typed error or with a value that can be',
    async (attempt) => {
      const batches = attempt.isBatch === true ? hostileBatches(nowUs()) : new Map<string, never>();
      const replies = new Map<string, Reply>([
        ...hostileReplies(),
        ...[...batches].map(([name, result]) => [name, { result }] as const),
      ]);
      const found: string[] = [];
      const waiting = [...replies];
      // So many at a time that one that waits for its limit does not keep the others waiting.
      const worker = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const [name, reply] = next;
          for (const complaint of await complaintsAbout(attempt, reply, transport)) {
            found.push(`${name}: ${complaint}`);
          }
        }
      };
      await Promise.all(Array.from({ length: 24 }, worker));
      expect(found).toEqual([]);
      expect(rejections.splice(0)).toEqual([]);
    },
    LIMIT_MS,
  );

  test('before the login, it does not hurt', async () => {
    for (const [name, body] of unreadableBodies()) {
      await using server = await ScriptedServer.start(transport);
      server.greeting = packageOf(0xffff, 8, body);
      const manager = managerOf(server);
      const outcome = await acquired(manager).catch((error: unknown) => error);
      expect([name, outcome instanceof LockError || 'fencingToken' in (outcome as object)]).toEqual([
        name,
        true,
      ]);
      await manager.close();
    }
  });
});

describe('a request whose answer cannot be read', () => {
  const unreadable: ReadonlyMap<string, Reply> = new Map<string, Reply>([
    ['no MessagePack', { type: 18, body: Buffer.of(0xc1) }],
    ['nil', { result: null }],
    ['a lease of 200 years', { result: [BigInt(nowUs()), ROOM, [[2n, 2n ** 53n - 1n, 1n]]] }],
    ['a negative token', { result: [BigInt(nowUs()), ROOM, [[2n, BigInt(nowUs() + 1e7), -5n]]] }],
    ['an error without a code', { error: 'text' }],
  ]);

  test.each([...unreadable])('(%s) is withdrawn from the server', async (_, reply) => {
    await using server = await ScriptedServer.start();
    server.script = (call) => (isOperation('acquire')(call) ? reply : undefined);
    const manager = managerOf(server);
    const outcome = await acquired(manager).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(LockError);
    const left = (): unknown[] => {
      const ended = new Set(
        [...server.operations('withdraw'), ...server.operations('release')].map(([, , id]) => id),
      );
      return server.operations('acquire').filter(([, id]) => !ended.has(id));
    };
    await until(() => left().length === 0, {
      limitMs: 2_000,
      describe: () => `left: ${JSON.stringify(left())}`,
    });
    await manager.close();
  });
});

describe('what a server says again and again', () => {
  test.each([
    ['ask now', (): Reply => ({ result: [BigInt(nowUs()), ROOM, [[1n, BigInt(nowUs()), 1n]]] })],
    ['ask a century ago', (): Reply => ({ result: [BigInt(nowUs()), ROOM, [[1n, 0n, 1n]]] })],
    ['gone', (): Reply => ({ result: [BigInt(nowUs()), ROOM, [[0n, 0n]]] })],
  ])('(%s) makes no busy loop', async (_, reply) => {
    await using server = await ScriptedServer.start();
    server.script = (call) =>
      isOperation('acquire')(call) || isOperation('check')(call) ? reply() : undefined;
    const manager = managerOf(server, { defaults: { waitTimeout: 2_000 } });
    const outcome = await acquired(manager).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(LockError);
    expect(server.calls.length).toBeLessThan(60);
    await manager.close();
  });
});

test('rooms may have ids beyond the safe integers, and are joined by exactly these', async () => {
  const room = 2n ** 62n + 1n;
  await using server = await ScriptedServer.start();
  server.script = (call) =>
    isOperation('acquire')(call)
      ? { result: [BigInt(nowUs()), room, [[1n, BigInt(nowUs() + 60_000_000), 1n]]] }
      : undefined;
  const exact = Buffer.alloc(8);
  exact.writeBigUInt64BE(room);
  // The first join is of no room: it only asks whether this user may.
  const joined = new Promise<void>((resolve) => {
    server.onBytes = (bytes) => {
      if (bytes.readUInt8(6) === ClientPackage.join && bytes.includes(exact)) resolve();
    };
  });
  const manager = managerOf(server, { defaults: { waitTimeout: '30s' } });
  const waiting = acquired(manager).catch((error: unknown) => error);
  await inTime(joined, () => 'the room was not joined');
  await manager.close();
  expect(await waiting).toBeInstanceOf(LockError);
});
