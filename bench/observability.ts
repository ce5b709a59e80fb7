/**
 * What it costs to be looked at, by pairs of acquire and release of free locks. Nobody subscribes to the channels, or a
 * subscriber does nothing, or OpenTelemetry's SDK listens. They take turns on the same node, each in a process of its
 * own.
 *
 *   npm run build && node --import tsx bench/observability.ts [--rounds 15] [--duration 1000] [--other DIST]
 *
 * Where: THINGSDB_URL=thingsdb://...; THINGSDB_USER and THINGSDB_PASSWORD say who. `--other` measures another build of the
 * library beside it, such as one from before the channels, with nobody subscribed.
 */
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type * as library from '../lib/index.js';
import type * as opentelemetry from '../lib/opentelemetry/index.js';
import { quantile } from './statistics.js';

const TRACED = ['acquire', 'hold', 'release'];
const PARTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];
const PLAIN = ['waiting', 'lost', 'renewal', 'reconnect'];
const WORKLOADS = {
  'W1, one task': { tasks: 1, linger: 0 },
  'W2, 64 tasks': { tasks: 64, linger: 0 },
  'W10, one task, lingering': { tasks: 1, linger: 600_000 },
} as const;
type Workload = keyof typeof WORKLOADS;

interface Mode {
  readonly title: string;
  readonly dist: string;
  readonly how: 'nobody' | 'channels' | 'opentelemetry';
}

interface Order {
  readonly workload: Workload;
  readonly durationMs: number;
}

interface Pace {
  readonly pairsPerSecond: number;
  readonly cpuUsAPair: number;
}

const load = createRequire(__filename);

function subscribeToAll(): void {
  const nothing = (): void => undefined;
  for (const channel of TRACED)
    for (const part of PARTS) subscribe(`tracing:thingsdb-lock:${channel}:${part}`, nothing);
  for (const channel of PLAIN) subscribe(`thingsdb-lock:${channel}`, nothing);
}

/** Without a reader the SDK would count nothing. */
class IdleReader extends MetricReader {
  protected onForceFlush = (): Promise<void> => Promise.resolve();
  protected onShutdown = (): Promise<void> => Promise.resolve();
}

function instrument(dist: string): void {
  const { LockInstrumentation } = load(join(dist, 'cjs/opentelemetry/index.js')) as typeof opentelemetry;
  // Spans are recorded and go nowhere, metrics are added up and not fetched: exporters are not what is measured.
  new LockInstrumentation({
    tracerProvider: new BasicTracerProvider(),
    meterProvider: new MeterProvider({ readers: [new IdleReader()] }),
  });
}

/** The process of one mode: measures whatever it is told to, until it is ended. */
async function work(dist: string, how: string, collection: string): Promise<void> {
  if (how === 'channels') subscribeToAll();
  if (how === 'opentelemetry') instrument(dist);
  const { LockManager } = load(join(dist, 'cjs/index.js')) as typeof library;
  const { THINGSDB_URL, THINGSDB_USER = 'admin', THINGSDB_PASSWORD = 'pass' } = process.env;
  const locks = new LockManager({
    url: THINGSDB_URL?.split(',')[0],
    auth: { username: THINGSDB_USER, password: THINGSDB_PASSWORD },
    collection,
  });
  await locks.setup();
  process.on('message', (order: Order) => void measure(locks, order).then((pace) => process.send?.(pace)));
  process.once('disconnect', () => void locks.close());
  process.send?.('ready');
}

async function measure(locks: library.LockManager, { workload, durationMs }: Order): Promise<Pace> {
  const { tasks, linger } = WORKLOADS[workload];
  const own = `${process.pid} ${workload}`;
  const startMs = performance.now();
  const before = process.cpuUsage();
  let pairs = 0;
  const pace = async (task: number): Promise<void> => {
    const lock = locks.get(`${own} ${task}`, { linger });
    while (performance.now() - startMs < durationMs) {
      await (await lock.acquire()).release();
      pairs++;
    }
  };
  await Promise.all(Array.from({ length: tasks }, (_, task) => pace(task)));
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - startMs) / 1000;
  return { pairsPerSecond: pairs / seconds, cpuUsAPair: (user + system) / pairs };
}

async function started({ dist, how }: Mode, collection: string): Promise<ChildProcess> {
  const worker = fork(__filename, ['--worker', dist, how, collection], { execArgv: ['--import', 'tsx'] });
  await once(worker, 'message');
  return worker;
}

async function told(worker: ChildProcess, order: Order): Promise<Pace> {
  worker.send(order);
  const [pace] = (await once(worker, 'message')) as [Pace];
  return pace;
}

/** Each round begins with another mode, and is compared within itself: what else the machine does meets all alike. */
async function main(rounds: number, durationMs: number, modes: readonly Mode[]): Promise<void> {
  const collection = `bench_${randomBytes(6).toString('hex')}`;
  const workers: ChildProcess[] = [];
  for (const mode of modes) workers.push(await started(mode, collection));
  for (const workload of Object.keys(WORKLOADS) as Workload[]) {
    const paces: Pace[][] = modes.map(() => []);
    for (let round = -1; round < rounds; round++) {
      for (let i = 0; i < modes.length; i++) {
        const at = (Math.max(0, round) + i) % modes.length;
        const pace = await told(workers[at] as ChildProcess, { workload, durationMs });
        // The first round is for warming up.
        if (round >= 0) paces[at]?.push(pace);
      }
    }
    show(workload, modes, paces);
  }
  for (const worker of workers) worker.disconnect();
}

function show(workload: string, modes: readonly Mode[], paces: readonly Pace[][]): void {
  console.log(`\n| ${workload} | pairs/s | CPU a pair, us | CPU / nobody subscribed |\n|---|---:|---:|---:|`);
  modes.forEach(({ title }, i) => {
    const own = paces[i] ?? [];
    const ratios = own.map(({ cpuUsAPair }, round) => cpuUsAPair / (paces[0]?.[round]?.cpuUsAPair ?? NaN));
    const [speed, cpu] = [own.map((one) => one.pairsPerSecond), own.map((one) => one.cpuUsAPair)];
    const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(sorted(ratios), share).toFixed(3));
    const figures = [median(speed).toFixed(0), median(cpu).toFixed(2), `${middle} (${low}-${high})`];
    console.log(`| ${title} | ${figures.join(' | ')} |`);
  });
}

const sorted = (all: readonly number[]): Float64Array => Float64Array.from(all).sort();
const median = (all: readonly number[]): number => quantile(sorted(all), 0.5);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    worker: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '15' },
    duration: { type: 'string', default: '1000' },
    other: { type: 'string' },
  },
});
if (values.worker) {
  const [dist = '', how = '', collection = ''] = positionals;
  void work(dist, how, collection);
} else {
  const dist = join(__dirname, '../dist');
  const other =
    values.other === undefined
      ? []
      : [{ title: 'the other build', dist: resolve(values.other), how: 'nobody' } as const];
  void main(Number(values.rounds), Number(values.duration), [
    { title: 'nobody is subscribed', dist, how: 'nobody' },
    ...other,
    { title: 'a subscriber that does nothing', dist, how: 'channels' },
    { title: 'OpenTelemetry: spans and metrics', dist, how: 'opentelemetry' },
  ]);
}
