/** What `counters()` counts. */
export interface Counters {
  queriesSuccess: number;
  queriesWithError: number;
  tasksSuccess: number;
  tasksWithError: number;
  changesCommitted: number;
}

const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;
const DEFAULT_LOG_LEVEL = 2;

/** What belongs to the node itself and is not stored. */
export class NodeState {
  counters: Counters = noCounts();
  /** Milliseconds since the epoch: when the counters began. */
  countedSinceMs: number;
  #logLevel = DEFAULT_LOG_LEVEL;

  constructor(startedAtMs: number) {
    this.countedSinceMs = startedAtMs;
  }

  get logLevel(): string {
    return LOG_LEVELS[this.#logLevel] ?? LOG_LEVELS[DEFAULT_LOG_LEVEL];
  }

  /** 0 is the most talkative; what is outside takes the nearest. */
  setLogLevel(level: number): void {
    this.#logLevel = Math.min(Math.max(level, 0), LOG_LEVELS.length - 1);
  }

  resetCounters(nowMs: number): void {
    this.counters = noCounts();
    this.countedSinceMs = nowMs;
  }
}

function noCounts(): Counters {
  return { queriesSuccess: 0, queriesWithError: 0, tasksSuccess: 0, tasksWithError: 0, changesCommitted: 0 };
}
