/**
 * What the transport makes of waits: TCP, TCP that announces its requests, and WebSocket, in turn, on the same node.
 * The lock is a bare one that costs the server next to nothing: first come, first served, handed on by a pushed
 * message.
 *
 *   node --import tsx bench/transports.ts [--acquires 10000] [--tasks 64] [--hold 20] [--processes 8] [--seconds 3] [--rounds 3]
 *
 * Where: THINGSDB_URL=thingsdb://... and THINGSDB_WS_URL=ws://...; THINGSDB_USER and THINGSDB_PASSWORD say who.
 *
 * tasks: so many tasks of one process, each with a name of its own, which it holds for so many milliseconds on average;
 * how long an acquire takes. hand-overs: so many processes contend for one name; how often it changes hands in a second.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { clientFor } from '../lib/client/open-client.js';
import type { PackageClient } from '../lib/client/package-client.js';
import { TcpClient } from '../lib/client/tcp-client.js';
import { quantile } from './statistics.js';

const KINDS = ['ws', 'tcp', 'announcing'] as const;
type Kind = (typeof KINDS)[number];

const PROCEDURE = 'bench_lock';
const SETUP = `
.locks = {};
.locks[':no name'] = nil;
.locks.del(':no name');
.boxes = {};
.boxes[':no name'] = nil;
.boxes.del(':no name');
.take = |s, name, id, box| {
  key = \`:{name}\`;
  lock = s.locks.get(key);
  if (is_nil(lock)) {
    s.locks[key] = {id:, waiting: []};
    return true;
  };
  lock.waiting.push([id, box]);
  false;
};
.give = |s, name, id| {
  key = \`:{name}\`;
  lock = s.locks.get(key);
  if (is_nil(lock) || lock.id != id) return false;
  if (!lock.waiting) {
    s.locks.del(key);
    return true;
  };
  next = lock.waiting.shift();
  lock.id = next[0];
  s.boxes.get(next[1]).emit('granted', next[0]);
  true;
};
new_procedure('${PROCEDURE}', |padding, op, name, id, box| {
  if (op == 'open') {
    .boxes[box] = room();
    return .boxes[box].id();
  };
  if (op == 'take') return wse(.take(thing(.id()), name, id, box));
  if (op == 'give') return wse(.give(thing(.id()), name, id));
});
`;

interface Options {
  readonly acquires: number;
  readonly tasks: number;
  readonly hold: number;
  readonly processes: number;
  readonly seconds: number;
  readonly rounds: number;
}

/** A lock by nothing but a client: what is measured is the transport. */
class BareLock {
  readonly #client: PackageClient;
  readonly #scope: string;
  readonly #box = randomBytes(8).toString('hex');
  readonly #waiting = new Map<string, () => void>();
  handOvers = 0;

  private constructor(client: PackageClient, scope: string) {
    this.#client = client;
    this.#scope = scope;
    client.keepAlive();
    client.addEventListener((_type, message) => {
      const { event, args } = message as { event?: string; args?: [string] };
      if (event !== 'granted' || args === undefined) return;
      this.handOvers++;
      this.#waiting.get(args[0])?.();
      this.#waiting.delete(args[0]);
    });
  }

  static async open(kind: Kind, scope: string): Promise<BareLock> {
    const client = await connected(kind);
    if (kind === 'announcing' && client instanceof TcpClient) {
      client.announceRuns({ scope, procedure: PROCEDURE, insteadOf: [], idle: ['', '', '', ''] });
    }
    const lock = new BareLock(client, scope);
    // Before anything is asked for: what is told in a room that nobody is in is told to nobody.
    await client.join(scope, (await lock.#run('open', '', '', lock.#box)) as number);
    return lock;
  }

  async acquire(name: string): Promise<string> {
    const id = randomBytes(8).toString('hex');
    const granted = new Promise<void>((resolve) => this.#waiting.set(id, resolve));
    if (await this.#run('take', name, id, this.#box)) this.#waiting.delete(id);
    else await granted;
    return id;
  }

  async release(name: string, id: string): Promise<void> {
    await this.#run('give', name, id, '');
  }

  close(): Promise<void> {
    return this.#client.disconnect();
  }

  #run(...args: string[]): Promise<unknown> {
    return this.#client.run(this.#scope, PROCEDURE, [new Uint8Array(0), ...args]);
  }
}

async function connected(kind: Kind): Promise<PackageClient> {
  const { THINGSDB_URL, THINGSDB_WS_URL, THINGSDB_USER = 'admin', THINGSDB_PASSWORD = 'pass' } = process.env;
  const url = (kind === 'ws' ? THINGSDB_WS_URL : THINGSDB_URL)?.split(',')[0];
  if (url === undefined)
    throw new Error('set THINGSDB_URL=thingsdb://host:9200 and THINGSDB_WS_URL=ws://host:9270');
  const client = clientFor(url, { requestTimeoutMs: 20_000 });
  await client.connect();
  await client.auth(THINGSDB_USER, THINGSDB_PASSWORD);
  return client;
}

async function main(options: Options): Promise<void> {
  const collection = `bench_${randomBytes(6).toString('hex')}`;
  const scope = `//${collection}`;
  const admin = await connected('tcp');
  await admin.query('@thingsdb', 'new_collection(name);', { name: collection });
  try {
    await admin.query(scope, SETUP);
    for (let round = 0; round < options.rounds; round++) {
      for (const kind of KINDS) await measureTasks(kind, scope, options);
      for (const kind of KINDS) await measureHandOvers(kind, scope, options);
    }
  } finally {
    await admin.query('@thingsdb', 'del_collection(name);', { name: collection });
    await admin.disconnect();
  }
}

async function measureTasks(kind: Kind, scope: string, { acquires, tasks, hold }: Options): Promise<void> {
  const lock = await BareLock.open(kind, scope);
  const tookMs: number[] = [];
  const startMs = performance.now();
  const work = async (name: string): Promise<void> => {
    await sleep(Math.random() * hold);
    while (tookMs.length < acquires) {
      const fromMs = performance.now();
      const id = await lock.acquire(name);
      tookMs.push(performance.now() - fromMs);
      // Not all the same, or Node's timers would bring the tasks into step.
      await sleep(hold * (0.5 + Math.random()));
      await lock.release(name, id);
    }
  };
  await Promise.all(Array.from({ length: tasks }, (_, i) => work(`task ${i}`)));
  const seconds = (performance.now() - startMs) / 1000;
  await lock.close();
  const sorted = Float64Array.from(tookMs).sort();
  const slow = tookMs.filter((ms) => ms > 10).length;
  const shown = [0.5, 0.99, 0.999, 1].map((share) => quantile(sorted, share).toFixed(2));
  console.log(
    `tasks      ${kind.padEnd(10)} ${tookMs.length} acquires, ${((100 * slow) / tookMs.length).toFixed(3)} % over 10 ms, ` +
      `p50 ${shown[0]}, p99 ${shown[1]}, p99.9 ${shown[2]}, longest ${shown[3]} ms, ${(tookMs.length / seconds).toFixed(0)}/s`,
  );
}

async function measureHandOvers(kind: Kind, scope: string, { processes, seconds }: Options): Promise<void> {
  const workers = Array.from({ length: processes }, () =>
    fork(__filename, ['--worker', kind, scope, String(seconds)], { execArgv: ['--import', 'tsx'] }),
  );
  const ended = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
  const next = (i: number) =>
    new Promise<number>((resolve) => workers[i]?.once('message', (n) => resolve(n as number)));
  await Promise.all(workers.map((_, i) => next(i)));
  const counts = Promise.all(workers.map((_, i) => next(i)));
  for (const worker of workers) worker.send('go');
  const handOvers = (await counts).reduce((sum, count) => sum + count, 0);
  await Promise.all(ended);
  console.log(
    `hand-overs ${kind.padEnd(10)} ${(handOvers / seconds).toFixed(0)}/s between ${processes} processes`,
  );
}

/** Takes and releases one name until the time is over. Tells when it is ready, and how often it was handed the lock. */
async function work(kind: Kind, scope: string, seconds: number): Promise<void> {
  const lock = await BareLock.open(kind, scope);
  await lock.release('warm', await lock.acquire('warm'));
  const go = new Promise((resolve) => process.once('message', resolve));
  process.send?.(0);
  await go;
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) await lock.release('contended', await lock.acquire('contended'));
  await new Promise((resolve) => process.send?.(lock.handOvers, undefined, undefined, resolve));
  await lock.close();
  process.disconnect();
}

const number = (value: number) => ({ type: 'string' as const, default: String(value) });
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    worker: { type: 'boolean', default: false },
    acquires: number(10_000),
    tasks: number(64),
    hold: number(20),
    processes: number(8),
    seconds: number(3),
    rounds: number(3),
  },
});
if (values.worker) {
  const [kind, scope = '', seconds] = positionals;
  void work(kind as Kind, scope, Number(seconds));
} else {
  const { worker: _worker, ...texts } = values;
  void main(Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Number(text)])) as never);
}
