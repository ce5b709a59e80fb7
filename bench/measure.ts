import type { SystemResult } from './result.js';
import { orderOfRound } from './schedule.js';
import type { Stage } from './stage.js';
import { summarize, type Summary } from './statistics.js';
import type { LockSystem } from './systems/lock-system.js';
import type { Round, Run, Workload } from './workloads/workload.js';

/** A stage for a system, with the name of its server; or why there is none. */
export type OpenStage = (
  system: LockSystem,
) => Promise<
  | { readonly stage: Stage; readonly server: string }
  | { readonly unavailable: string; readonly server?: string }
>;

type Samples = Record<string, readonly number[]>;

/** A system under measurement: it has a run until it fails. */
interface Entrant {
  readonly system: LockSystem;
  readonly rounds: Samples[];
  server?: string;
  stage?: Stage;
  run?: Run;
  unavailable?: string;
}

export interface MeasureOptions {
  readonly rounds: number;
  readonly say: (line: string) => void;
}

/** Measures the systems by the workload, round by round in turn. One that fails is reported, and the others go on. */
export async function measure(
  workload: Workload,
  systems: readonly LockSystem[],
  openStage: OpenStage,
  { rounds, say }: MeasureOptions,
): Promise<SystemResult[]> {
  const entrants: Entrant[] = [];
  try {
    for (const system of systems) entrants.push(await enter(workload, system, openStage));
    for (const { system, unavailable } of entrants) {
      if (unavailable !== undefined) say(`  ${system.title}: not measured: ${unavailable}`);
    }
    const count = Math.min(rounds, workload.mostRounds ?? Infinity);
    for (let round = 0; round < count; round++) {
      for (const entrant of orderOfRound(entrants, round)) await runRound(entrant);
      say(`  round ${round + 1} of ${count} is done`);
    }
  } finally {
    for (const { stage } of entrants) await stage?.close();
  }
  return entrants.map(toResult);
}

async function enter(workload: Workload, system: LockSystem, openStage: OpenStage): Promise<Entrant> {
  const entrant: Entrant = { system, rounds: [] };
  const reason = unfit(workload, system);
  if (reason !== undefined) return { ...entrant, unavailable: reason };
  try {
    const opened = await openStage(system);
    if (opened.server !== undefined) entrant.server = opened.server;
    if ('unavailable' in opened) return { ...entrant, unavailable: opened.unavailable };
    entrant.stage = opened.stage;
    entrant.run = await workload.start(opened.stage);
  } catch (error) {
    entrant.unavailable = messageOf(error);
  }
  return entrant;
}

function unfit(workload: Workload, system: LockSystem): string | undefined {
  if (workload.ofWholeLocks === true && system.isProceduresOnly === true) return 'it only calls procedures';
  return workload.unfit?.(system);
}

async function runRound(entrant: Entrant): Promise<void> {
  if (entrant.run === undefined) return;
  try {
    entrant.rounds.push(samplesOf(await entrant.run.round()));
  } catch (error) {
    entrant.unavailable = `failed in round ${entrant.rounds.length + 1}: ${messageOf(error)}`;
    delete entrant.run;
  }
}

function samplesOf(round: Round): Samples {
  const samples: Samples = {};
  for (const [key, value] of Object.entries(round)) {
    if (value !== undefined) samples[key] = typeof value === 'number' ? [value] : value;
  }
  return samples;
}

function toResult({ system, server, unavailable, rounds }: Entrant): SystemResult {
  const { id, title, note, isOurs = false } = system;
  const keys = new Set(rounds.flatMap((round) => Object.keys(round)));
  const summaries: Record<string, Summary> = {};
  for (const key of keys) {
    const summary = summarize(rounds.flatMap((round) => round[key] ?? []));
    if (summary !== undefined) summaries[key] = summary;
  }
  return {
    id,
    title,
    note,
    isOurs,
    ...(server === undefined ? {} : { server }),
    ...(unavailable === undefined ? {} : { unavailable }),
    rounds,
    summaries,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
