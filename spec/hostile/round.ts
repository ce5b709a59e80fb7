import { isDeepStrictEqual } from 'node:util';
import { Random } from '../chaos/random.js';
import { CANARY } from './hostile-values.js';
import type { Finding, FindingKind, HostileCall } from './finding.js';
import type { HostileAnswer, HostileClient } from './hostile-client.js';
import {
  accepts,
  honestArgs,
  type HonestCall,
  type HostileProcedure,
  type HostileSchema,
} from './hostile-schema.js';
import { isOwnRefusal, isRefused, isTyped, leaked } from './judge.js';
import { mutated, wholeOf } from './mutation.js';
import { described, type Sent } from './wire.js';
import { idOf, secretsOf, STRANGE_NAMES, type Victim, type World } from './world.js';

/** Where a round takes place: a collection of its own, with the schema in it. */
export interface Arena {
  readonly scope: string;
  /** Clients with different rights, by the name of the right; `service` has all that a lock needs. */
  readonly clients: ReadonlyMap<string, HostileClient>;
  /** Runs a query as administrator; resolves with what it answers. */
  query(code: string): Promise<unknown>;
  /** Runs a procedure as an honest process. */
  honest(procedure: string, args: readonly Sent[]): Promise<unknown>;
  /** Makes two managers contend for a lock; resolves with how long the slowest step took, in milliseconds. */
  contend(): Promise<number>;
}

/** So many calls that must be refused are sent together; what is stored is compared around them. */
const MOST_TOGETHER = 16;
/** A call that is alone may take so long: far above what any of them should, so that a busy machine finds nothing. */
const SLOW_MS = 1_500;
/** A hand-over beside hostile calls may take so long. */
const LATE_MS = 3_000;
const MAX_TRIES = 50;
/** So deep is what is stored told, each thing of it once. */
const DEPTH = 5;

interface JudgedCall extends HostileCall {
  readonly rules: HostileProcedure;
  readonly list: readonly Sent[];
  readonly answer: HostileAnswer;
}

type PlannedCall = Omit<JudgedCall, 'answer'>;

/**
 * Hostile calls against one collection, decided by a seed. First come such as must be refused, then such as the
 * contract takes. Then comes a flood of both, with honest clients beside it.
 */
export class Round {
  readonly findings: Finding[] = [];
  readonly #arena: Arena;
  readonly #schema: HostileSchema;
  readonly #seed: number;
  readonly #draw: Random;
  #victims: readonly Victim[] = [];
  #secrets: readonly string[] = [];
  #world: World = {
    victims: [],
    own: [],
    ownNames: STRANGE_NAMES,
    ownInboxes: [],
    ownIds: [],
    usedIds: new Set(),
    state: '',
    idText: "''",
  };
  /** The longest that a call took, which was alone, by procedure. */
  readonly longestMs = new Map<string, number>();

  constructor(arena: Arena, schema: HostileSchema, seed: number) {
    this.#arena = arena;
    this.#schema = schema;
    this.#seed = seed;
    this.#draw = new Random(seed);
  }

  /** @param calls how many hostile calls are made */
  async run(calls: number): Promise<void> {
    await this.#begin();
    const code = await this.#code();
    try {
      let together = MOST_TOGETHER;
      for (let left = calls / 2; left > 0; left -= together) {
        const areRefused = await this.#refusals(together);
        // Beside one that is taken nothing can be said of the others: where that happens, fewer go together.
        together = areRefused ? Math.min(together * 2, MOST_TOGETHER) : Math.max(together / 2, 1);
      }
      let requests = await this.#requests();
      for (let left = calls / 4; left > 0; left--) requests = await this.#oneOfTheContract(requests);
      await this.#flood(calls / 4);
    } catch (error) {
      this.#find('broken', [], (error as Error).stack ?? String(error));
    }
    const changed = difference(code, await this.#code());
    if (changed !== '') this.#find('code', [], `the code of the collection is another: ${changed}`);
  }

  /** Honest processes hold and wait, and the hostile ones have requests of their own. */
  async #begin(): Promise<void> {
    const { populate, idLength, state, idText } = this.#schema;
    const honest: HonestCall = (...call) => this.#arena.honest(...call);
    this.#victims = await populate(honest, this.#draw, '');
    this.#secrets = this.#victims.flatMap(secretsOf);
    const own = await populate(honest, this.#draw, 'own ');
    await this.#arena.query(this.#schema.lasting);
    this.#world = {
      victims: this.#victims,
      own,
      ownNames: [...STRANGE_NAMES, ...own.map(({ name }) => name)],
      ownInboxes: [...own.map(({ inbox }) => inbox), idOf(this.#draw, idLength)],
      ownIds: own.map(({ id }) => id),
      usedIds: new Set(),
      state,
      idText,
    };
  }

  /** Calls that must all be refused, together. Resolves with whether they all were. */
  async #refusals(count: number): Promise<boolean> {
    const before = await this.#stored();
    const calls = await this.#all(Array.from({ length: count }, () => this.#planned('refused')));
    for (const call of calls) this.#judgeRefusal(call);
    const after = await this.#stored();
    if (after.ran && !before.ran) {
      this.#find('code', calls.filter(hasCode), `code of a client ran: ${difference(before, after)}`);
    }
    const areRefused = !calls.some((call) => this.#wasTaken(call));
    if (areRefused && !isDeepStrictEqual(after, before))
      await this.#whichChanges(calls, difference(before, after));
    return areRefused;
  }

  /** One of the calls has changed something although all were refused: each again, alone, to find which. */
  async #whichChanges(calls: readonly JudgedCall[], what: string): Promise<void> {
    for (const call of calls) {
      const before = await this.#stored();
      await this.#all([call]);
      const after = await this.#stored();
      if (!isDeepStrictEqual(after, before)) {
        this.#find(
          'changed',
          [call],
          `refused with ${call.answer.errorCode} ${call.answer.errorText}: ${difference(before, after)}`,
        );
        return;
      }
    }
    // Done once, it may not be to be seen again.
    this.#find('changed', calls, `refused, one of them with a trace: ${what}`);
  }

  #judgeRefusal(call: JudgedCall): void {
    const { answer, rules, list } = call;
    this.#lookForSecrets(call);
    const operations = rules.operations;
    if (answer.errorCode !== undefined) {
      if (!isOwnRefusal(answer) && !isTyped(answer.errorCode, rules.codes)) {
        this.#find('untyped', [call], `${answer.errorCode} ${answer.errorText}`);
      }
      return;
    }
    if (operations !== undefined && accepts(rules, list)) this.#judgeOperations(call);
    else this.#find('accepted', [call], `answered ${text(answer.result)}`);
  }

  /** Each operation is judged by itself. */
  #judgeOperations(call: JudgedCall): void {
    const { operations } = call.rules;
    if (operations === undefined) return;
    const sent = operations.of(call.list);
    const refusals = operations.refusals(call.answer.result);
    if (refusals.length !== sent.length) {
      this.#find('broken', [call], `${sent.length} operations have ${refusals.length} answers`);
    }
    sent.forEach((operation, i) => {
      const code = refusals[i];
      const one = { ...call, args: operation };
      if (code !== undefined && !isTyped(code))
        this.#find('untyped', [one], `an operation was refused with ${code}`);
      if (code === undefined && !operations.kind.accepts(operation)) {
        this.#find('accepted', [one], `in a batch, answered ${text(call.answer.result)}`);
      }
    });
  }

  /**
   * A call that the contract takes: whatever comes of it, those who had something still have it. From what was stored of
   * them before to what is stored afterwards.
   */
  async #oneOfTheContract(before: unknown): Promise<unknown> {
    const [call] = (await this.#all([this.#planned('open')])) as [JudgedCall];
    const { answer, rules } = call;
    this.#lookForSecrets(call);
    if (answer.errorCode !== undefined) {
      if (!isOwnRefusal(answer) && !isTyped(answer.errorCode, rules.codes)) {
        this.#find('untyped', [call], `${answer.errorCode} ${answer.errorText}`);
      }
    } else {
      this.#judgeOperations(call);
      await this.#join(call);
    }
    if (answer.tookMs > SLOW_MS && (await this.#isSlowAgain(call)))
      this.#find('slow', [call], `took ${Math.round(answer.tookMs)} ms`);
    this.longestMs.set(rules.name, Math.max(answer.tookMs, this.longestMs.get(rules.name) ?? 0));
    const after = await this.#requests();
    if (!isDeepStrictEqual(after, before)) this.#find('harm', [call], difference(before, after));
    return after;
  }

  /** Whether the call is slow each time: a machine that is busy with something else makes any call slow once. */
  async #isSlowAgain(call: PlannedCall): Promise<boolean> {
    for (let tries = 0; tries < 2; tries++) {
      const [again] = (await this.#all([call])) as [JudgedCall];
      if (again.answer.tookMs <= SLOW_MS) return false;
    }
    return true;
  }

  /** Calls of all kinds, many under way at a time, while honest clients take locks from each other. */
  async #flood(count: number): Promise<void> {
    const before = await this.#requests();
    let isOver = false;
    const beside = this.#beside(() => isOver);
    for (let left = count; left > 0; left -= MOST_TOGETHER) {
      const planned = Array.from({ length: MOST_TOGETHER }, () =>
        this.#planned(this.#draw.chance(0.8) ? 'refused' : 'open'),
      );
      for (const call of await this.#all(planned)) this.#lookForSecrets(call);
    }
    isOver = true;
    await beside;
    const after = await this.#requests();
    if (!isDeepStrictEqual(after, before))
      this.#find('harm', [], `after a flood of calls: ${difference(before, after)}`);
  }

  async #beside(isOver: () => boolean): Promise<void> {
    try {
      do {
        const slowestMs = await this.#arena.contend();
        if (slowestMs > LATE_MS) this.#find('honest', [], `a hand-over took ${Math.round(slowestMs)} ms`);
      } while (!isOver());
    } catch (error) {
      this.#find('honest', [], String(error));
    }
  }

  #planned(wanted: 'refused' | 'open'): PlannedCall {
    const user = this.#draw.chance(0.7) ? 'service' : this.#draw.pick([...this.#arena.clients.keys()]);
    for (;;) {
      const rules = this.#draw.pick(this.#schema.procedures);
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const honest = honestArgs(rules, this.#draw, this.#world);
        const isMutated = honest.length > 0 && (wanted === 'refused' || this.#draw.chance(0.3));
        const list = isMutated ? mutated(this.#draw, this.#world, honest) : honest;
        if (this.#isTaken(rules, list) !== (wanted === 'open')) continue;
        const args = wholeOf(this.#draw, list, rules.parameters);
        return { user, procedure: rules.name, args, rules, list };
      }
    }
  }

  /** Whether the contract takes the call; of one with several operations, at least one of them. */
  #isTaken(rules: HostileProcedure, list: readonly Sent[]): boolean {
    if (!accepts(rules, list)) return false;
    const { operations } = rules;
    if (operations === undefined) return true;
    const sent = operations.of(list);
    return sent.length === 0 || sent.some((operation) => operations.kind.accepts(operation));
  }

  #all(calls: readonly PlannedCall[]): Promise<JudgedCall[]> {
    return Promise.all(
      calls.map(async (call) => {
        const client = this.#arena.clients.get(call.user);
        if (client === undefined) throw new Error(`there is no client ${call.user}`);
        try {
          return { ...call, answer: await client.run(this.#arena.scope, call.procedure, call.args) };
        } catch (error) {
          throw new Error(`${call.user}: ${call.procedure} ${described(call.args)}`, { cause: error });
        }
      }),
    );
  }

  async #join({ user, answer }: JudgedCall): Promise<void> {
    const room = this.#schema.roomOf(answer.result);
    if (room === undefined || BigInt(room) === 0n) return;
    await this.#arena.clients.get(user)?.join(this.#arena.scope, [BigInt(room)]);
  }

  #lookForSecrets(call: JudgedCall): void {
    const used = [...this.#world.usedIds];
    const secrets = this.#secrets.filter((secret) => !used.some((id) => id.includes(secret)));
    const inAnswer = leaked(call.answer.bytes, secrets);
    if (inAnswer !== undefined)
      this.#find('leak', [call], `the answer holds ${inAnswer}, which is another's`);
    const pushed = this.#arena.clients.get(call.user)?.takePushed() ?? [];
    const inPush = leaked(Buffer.concat(pushed), secrets);
    if (inPush !== undefined) this.#find('leak', [call], `a push holds ${inPush}, which is another's`);
  }

  #wasTaken({ answer, rules, list }: JudgedCall): boolean {
    if (isRefused(answer)) return false;
    if (rules.operations === undefined || !accepts(rules, list)) return true;
    return rules.operations.refusals(answer.result).some((code) => code === undefined);
  }

  /** What is stored, and whether code of a client has run. */
  async #stored(): Promise<{ readonly stored: unknown; readonly ran: boolean }> {
    const { state, stored } = this.#schema;
    const code = `ran = .has('${CANARY}') || has_procedure('${CANARY}') || !.has('${state}'); return [ran, ${stored}], ${DEPTH};`;
    const [ran, all] = (await this.#arena.query(code)) as [boolean, unknown];
    return { ran, stored: this.#schema.withoutTime(all) };
  }

  async #requests(): Promise<unknown> {
    const stored = await this.#arena.query(`return ${this.#schema.stored}, ${DEPTH};`);
    return [
      this.#victims.map((victim) => this.#schema.requestOf(stored, victim)),
      this.#schema.besides(stored, this.#victims),
    ];
  }

  /** Of a cluster one node may answer now and another later: each breaks the lines of the same code otherwise. */
  async #code(): Promise<unknown> {
    const { state } = this.#schema;
    const code = await this.#arena.query(
      `return {procedures: procedures_info(), types: types_info(), enums: enums_info(), fn: try(.${state}.fn)}, ${DEPTH};`,
    );
    return withoutSpace(code);
  }

  #find(kind: FindingKind, calls: readonly HostileCall[], what: string): void {
    this.findings.push({ kind, seed: this.#seed, calls, what });
  }
}

function hasCode({ args }: HostileCall): boolean {
  return described(args, Infinity).includes('closure(');
}

/** The same, without white space in its texts. */
function withoutSpace(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/\s/g, '');
  if (Array.isArray(value)) return value.map(withoutSpace);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutSpace(part)]));
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? Number(part) : part)).slice(
    0,
    200,
  );
}

/** The first thing that is not the same. */
function difference(before: unknown, after: unknown, path = ''): string {
  if (isDeepStrictEqual(before, after)) return '';
  const areContainers = [before, after].every((value) => typeof value === 'object' && value !== null);
  if (!areContainers) return `${path}: ${text(before ?? null)} is now ${text(after ?? null)}`;
  const keys = new Set([...Object.keys(before as object), ...Object.keys(after as object)]);
  for (const key of keys) {
    const [one, other] = [before, after].map((value) => (value as Record<string, unknown>)[key]);
    const found = difference(one, other, `${path}.${key}`);
    if (found !== '') return found;
  }
  return `${path}: another order`;
}
