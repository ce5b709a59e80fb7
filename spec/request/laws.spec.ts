/** What holds whatever happens to a request, in whatever order, with whatever answers. */
import fc from 'fast-check';
import { ACQUIRER, type Command } from '../../lib/request/commands.js';
import type { Input } from '../../lib/request/inputs.js';
import type { Terms } from '../../lib/request/request.js';
import type { Answer } from '../../lib/schema/operations.js';
import { Script } from './script.js';

/** Something that happens: `n` chooses what. */
type Happening =
  | {
      readonly kind: 'answer';
      readonly which: number;
      readonly answer: number;
      readonly wasRepeated: boolean;
    }
  | { readonly kind: 'fail'; readonly which: number; readonly isRefusal: boolean }
  | { readonly kind: 'input'; readonly input: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'block'; readonly ms: number }
  | { readonly kind: 'sleep'; readonly ms: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      which: fc.nat(5),
      answer: fc.nat(12),
      wasRepeated: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('fail' as const), which: fc.nat(5), isRefusal: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('input' as const), input: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(3000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('block' as const), ms: fc.nat(3000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('sleep' as const),
      ms: fc.integer({ min: -5000, max: 90_000 }),
    }),
  },
);

const terms: fc.Arbitrary<Partial<Terms>> = fc.record({
  how: fc.constantFrom('acquire', 'acquire', 'acquire', 'try', 'steal', 'adopt'),
  ttlMs: fc.constantFrom(100, 1000, 60_000),
  autoRenew: fc.boolean(),
  maxHoldMs: fc.constantFrom(Infinity, 2000),
  minHoldMs: fc.constantFrom(0, 0, 1500),
  lingerMs: fc.constantFrom(0, 200, 90_000),
  waitTimeoutMs: fc.constantFrom(undefined, 500, Infinity),
  confirmGrants: fc.boolean(),
  clockSkewMs: fc.constantFrom(0, 10),
});

/** One request in the hands of a server that answers anything. */
class Run {
  readonly script = new Script();
  readonly commands: Command[] = [];
  /** Callers that were given a promise. */
  readonly callers: number[] = [ACQUIRER];
  #token = 7;
  /** When the lease that is lost was over at the latest. */
  #lostDeadlineMs: number | undefined;

  constructor(terms: Partial<Terms>) {
    const input = this.script.input.bind(this.script);
    this.script.input = (one) => {
      const commands = input(one);
      this.commands.push(...commands);
      this.check();
      return commands;
    };
    this.script.start(terms);
  }

  take(happens: Happening): void {
    const open = [...this.script.calls.keys()];
    switch (happens.kind) {
      case 'answer': {
        const turn = open[happens.which % Math.max(1, open.length)];
        if (turn !== undefined) this.script.answer(turn, this.#answer(happens.answer), happens);
        return;
      }
      case 'fail': {
        const turn = open[happens.which % Math.max(1, open.length)];
        if (turn !== undefined) this.script.fail(turn, happens.isRefusal ? 'refused' : 'unanswered');
        return;
      }
      case 'input':
        this.script.input(this.#input(happens.input));
        return;
      case 'pass':
        this.script.pass(happens.ms);
        return;
      case 'block':
        this.script.block(happens.ms);
        return;
      case 'sleep':
        this.script.sleptMs += happens.ms;
    }
  }

  /** The manager closes, and every call comes to its end. */
  finish(): void {
    this.script.input({ kind: 'close', reason: 'closed' });
    for (let rounds = 0; this.script.calls.size > 0; rounds++) {
      expect(rounds).toBeLessThan(20);
      for (const turn of [...this.script.calls.keys()])
        this.script.answer(turn, this.#endOf(this.script.call(turn).operation.kind));
    }
  }

  /** What is true at each moment. */
  check(): void {
    const { request, now } = this.script;
    if (request.isHeld) expect(request.time?.deadlineMs).toBeDefined();
    const settled = this.commands.filter((one) => one.kind === 'settle');
    expect(new Set(settled.map(({ caller }) => caller)).size).toBe(settled.length);
    for (const { caller } of settled) expect(this.callers).toContain(caller);
    const told = this.commands.filter((one) => one.kind === 'tell').map(({ event }) => event);
    const ends = told.filter((event) => event === 'lost' || event === 'released' || event === 'transferred');
    const begins = told.filter((event) => event === 'acquired');
    expect(ends.length).toBeLessThanOrEqual(begins.length);
    // Between two callers of one lease the first has given it back.
    expect(begins.length - ends.length).toBeLessThanOrEqual(1);
    if (request.state === 'lingering') {
      expect(begins.length).toBe(ends.length);
      expect(request.isWanted).toBe(false);
      expect(request.isHeld || request.keepsAlive).toBe(false);
    }
    if (request.state === 'over') expect(request.wakeAtMs).toBe(Infinity);
    // What is lost gets no longer by an answer that comes later.
    if (request.why === 'lost') {
      this.#lostDeadlineMs ??= request.time?.deadlineMs;
      expect(request.time?.deadlineMs).toBe(this.#lostDeadlineMs);
    }
    // An alarm that has rung is set to a later moment: none rings for ever at one.
    if (request.wakeAtMs < now.ms) expect(request.state).not.toBe('over');
  }

  #endOf(kind: string): Answer {
    const isEnd = kind === 'release' || kind === 'withdraw' || kind === 'keep';
    return isEnd ? this.script.ended() : { state: 'gone', why: undefined };
  }

  #answer(kind: number): Answer {
    const answers: readonly (() => Answer)[] = [
      () => this.script.held(this.script.request.terms.ttlMs, this.#token),
      () => this.script.held(this.script.request.terms.ttlMs, this.#token),
      () => this.script.held(this.script.request.terms.ttlMs, ++this.#token),
      () => this.script.held(-1, this.#token),
      () => this.script.waiting(300, 1),
      () => this.script.waiting(300, 4),
      () => ({ state: 'busy', due: this.script.serverUs() }),
      () => ({ state: 'gone', why: undefined }),
      () => ({ state: 'gone', why: 'stolen' }),
      () => ({ state: 'refused', code: -100 }),
      () => this.script.ended(),
      () => this.script.ended('held', this.#token + 1),
      () => this.script.ended('gone'),
    ];
    return (answers[kind % answers.length] as () => Answer)();
  }

  /** Another caller takes what lingers, where it may. */
  #take(): Input {
    const { request, now } = this.script;
    return request.mayBeTaken(now) ? { kind: 'take' } : { kind: 'look' };
  }

  #input(kind: number): Input {
    const caller = (): number => {
      const next = this.script.nextCaller();
      this.callers.push(next);
      return next;
    };
    const inputs: readonly (() => Input)[] = [
      () => this.script.granted(800, ++this.#token),
      () => this.script.granted(800, this.#token, 'x'.repeat(16)),
      () => this.script.granted(-5, this.#token),
      () => ({ kind: 'ask-at', ms: this.script.ms + 10 }),
      () => ({ kind: 'ask', isSure: true }),
      () => ({ kind: 'ask', isSure: false }),
      () => ({ kind: 'lost' }),
      () => ({ kind: 'asked', by: 'ops' }),
      () => ({ kind: 'disconnected' }),
      () => ({ kind: 'connected' }),
      () => ({ kind: 'give-up', reason: 'enough' }),
      () => ({ kind: 'release', caller: caller(), mayLinger: true }),
      () => ({ kind: 'release', caller: caller(), mayLinger: false }),
      () => ({ kind: 'wanted' }),
      () => this.#take(),
      () => ({ kind: 'extend', caller: caller(), ttlMs: 400 }),
      () => ({ kind: 'transfer', caller: caller() }),
      () => ({ kind: 'look' }),
      () => ({ kind: 'cut-off', reason: 'no way' }),
      () => ({ kind: 'renew' }),
      () => this.script.handed(this.script.request.terms.ttlMs, ++this.#token),
    ];
    return (inputs[kind % inputs.length] as () => Input)();
  }
}

const RUNS = Number(process.env['LAWS_RUNS'] ?? 3000);

it('every step is sound, every promise is settled once, and nothing is left when the manager has closed', () => {
  fc.assert(
    fc.property(terms, fc.array(happening, { maxLength: 40 }), (some, all) => {
      const run = new Run(some);
      for (const one of all) run.take(one);
      run.finish();
      const settled = run.commands.flatMap((one) => (one.kind === 'settle' ? [one.caller] : []));
      expect([...settled].sort((a, b) => a - b)).toEqual([...run.callers].sort((a, b) => a - b));
      expect(run.script.request.state).toBe('over');
      expect(run.script.request.keepsAlive).toBe(false);
    }),
    { numRuns: RUNS },
  );
});

it('a lease is never held beyond what the server last said, counted from before it was asked', () => {
  fc.assert(
    fc.property(terms, fc.array(happening, { maxLength: 40 }), (some, all) => {
      const run = new Run(some);
      let saidEndMs = -Infinity;
      const { script } = run;
      const answer = script.answer.bind(script);
      script.answer = (turn, said, how) => {
        if (said.state === 'held') {
          const leaseMs = (said.due - script.serverUs(script.ms - (how?.tookMs ?? 0))) / 1000;
          saidEndMs = Math.max(saidEndMs, (script.sentMs.get(turn) ?? 0) + leaseMs);
        }
        return answer(turn, said, how);
      };
      const granted = script.granted.bind(script);
      script.granted = (leaseMs, ...rest) => {
        saidEndMs = Math.max(saidEndMs, script.ms + (leaseMs ?? 800));
        return granted(leaseMs, ...rest);
      };
      const handed = script.handed.bind(script);
      script.handed = (leaseMs = 60_000, ...rest) => {
        saidEndMs = Math.max(saidEndMs, script.ms + leaseMs);
        return handed(leaseMs, ...rest);
      };
      for (const one of all) {
        run.take(one);
        const { request, now } = script;
        if (request.isHeld) expect(request.time?.deadlineMs).toBeLessThanOrEqual(saidEndMs);
        if (request.isHeld && !request.time?.isOver(now)) expect(now.ms).toBeLessThan(saidEndMs);
      }
    }),
    { numRuns: RUNS },
  );
});
