import type { Command, Send } from '../../lib/request/commands.js';
import { ACQUIRER } from '../../lib/request/commands.js';
import type { Input, Now } from '../../lib/request/inputs.js';
import { Request, type Terms } from '../../lib/request/request.js';
import { step } from '../../lib/request/step.js';
import type { Answer, OwnWaiter } from '../../lib/schema/operations.js';
import { OWN_TERMS } from '../support/own-terms.js';

export const TERMS: Terms = { ...OWN_TERMS, names: ['orders'], clockSkewMs: 0, doubtMs: 5_000 };

/** The server's clock when a script begins, in microseconds; a server's clock is not ours. */
const SERVER_US = 1_700_000_000_000_000;
const WALL_MS = 1_800_000_000_000;

/** One request without a server: a script says what happens to it, and what it does is written down. */
export class Script {
  ms = 0;
  /** What the wall clock has gained on the monotonic one. */
  sleptMs = 0;
  request!: Request;
  /** By turn. */
  readonly calls = new Map<number, Send>();
  readonly sentMs = new Map<number, number>();
  #ids = 0;
  #callers = 0;
  #lines: string[] = [];

  get now(): Now {
    return { ms: this.ms, wallMs: WALL_MS + this.ms + this.sleptMs };
  }

  start(terms: Partial<Terms>): void {
    const newId = (): string => `id-${++this.#ids}`.padEnd(16, '.') + 'secret'.padEnd(16, '.');
    this.request = new Request(1, { ...TERMS, ...terms }, newId, this.ms);
    this.input({ kind: 'start' });
  }

  input(input: Input): readonly Command[] {
    const before = this.request.state;
    const commands = step(this.request, input, this.now);
    for (const command of commands) {
      if (command.kind === 'send') {
        this.calls.set(command.turn, command);
        this.sentMs.set(command.turn, this.ms);
      }
      this.#lines.push(`  ${shown(command)}`);
    }
    if (this.request.state !== before || input.kind === 'start')
      this.#lines.push(`  is ${this.request.state}`);
    return commands;
  }

  call(turn: number): Send {
    const call = this.calls.get(turn);
    if (call === undefined) throw new Error(`there is no call #${turn}`);
    return call;
  }

  answer(turn: number, answer: Answer, { wasRepeated = false, tookMs = 0 } = {}): readonly Command[] {
    const call = this.call(turn);
    this.calls.delete(turn);
    const exchange = {
      at: this.serverUs(this.ms - tookMs),
      sentMs: this.sentMs.get(turn) ?? 0,
      receivedMs: this.ms,
      wasRepeated,
    };
    return this.input({ kind: 'answered', call, answer, exchange });
  }

  fail(turn: number, how: 'unanswered' | 'refused'): readonly Command[] {
    const call = this.call(turn);
    this.calls.delete(turn);
    return this.input({ kind: 'failed', call, error: how, how });
  }

  /** What the server's clock shows when ours shows this. */
  serverUs(ms = this.ms): number {
    return SERVER_US + ms * 1000;
  }

  held(leftMs = 60_000, token = 7): Answer {
    return { state: 'held', due: this.serverUs(this.ms + leftMs), token };
  }

  waiting(askInMs = 60_000, ahead = 1): Answer {
    return { state: 'waiting', askAt: this.serverUs(this.ms + askInMs), ahead };
  }

  /** @param token of the grant that was ended */
  ended(was: 'held' | 'waiting' | 'gone' = 'held', token = this.request.token): Answer {
    return was === 'held' ? { state: 'ended', was, token } : { state: 'ended', was };
  }

  granted(leaseMs = 800, token = 7, proof = this.request.id.slice(0, 16), isDoubtful = false): Input {
    const end = { ms: this.ms + leaseMs, wallMs: this.now.wallMs + leaseMs };
    return { kind: 'granted', proof, token, leaseMs, end, isDoubtful };
  }

  /** Another lease of the process was released, and went to this request. @param tookMs the call that released */
  handed(leaseMs = 60_000, token = 7, tookMs = 0): Input {
    return { kind: 'handed', token, leaseMs, sentMs: this.ms - tookMs, offsetMs: this.now.wallMs - this.ms };
  }

  /** The caller gives the lease back. @param mayLinger what is pushed is heard */
  release(mayLinger = true, next?: OwnWaiter): readonly Command[] {
    return this.input({ kind: 'release', caller: this.nextCaller(), mayLinger, next });
  }

  nextCaller(): number {
    return ++this.#callers;
  }

  /** Lets time pass while the event loop is blocked: no alarm rings, and answers lie unread. */
  block(ms: number): void {
    this.ms += ms;
  }

  /** Lets time pass; the request's alarm, and the one for its question, ring when they are due. */
  pass(ms: number): void {
    const untilMs = this.ms + ms;
    for (let rung = 0; ; rung++) {
      // An alarm that rings for ever at one moment would hold up the event loop.
      if (rung > 500) throw new Error(`${rung} alarms in ${ms} ms: ${this.standing}`);
      const { wakeAtMs, askAtMs } = this.request;
      const nextMs = Math.min(wakeAtMs, askAtMs);
      if (nextMs > untilMs) break;
      this.ms = Math.max(this.ms, Math.ceil(nextMs));
      this.#lines.push(`  at ${this.ms} ms`);
      this.input(askAtMs <= wakeAtMs ? { kind: 'ask', isSure: false } : { kind: 'alarm' });
    }
    this.ms = untilMs;
  }

  takeLines(): string[] {
    return this.#lines.splice(0);
  }

  /** Where it stands, in one line. */
  get standing(): string {
    const { state, wakeAtMs, askAtMs, time, callsOpen, why, request } = {
      ...this.parts,
      request: this.request,
    };
    const words: string[] = [state === 'over' ? `over: ${why}` : state];
    if (['granted', 'held', 'lingering', 'doubted'].includes(state) && time !== undefined)
      words.push(`${round(time.leftMs(this.now))} ms left`);
    if (request.isHolding !== request.isHeld) words.push('isHeld is false');
    if (wakeAtMs < Infinity) words.push(`wakes in ${round(wakeAtMs - this.ms)} ms`);
    if (askAtMs < Infinity) words.push(`asks in ${round(askAtMs - this.ms)} ms`);
    if (callsOpen > 0) words.push(`${callsOpen} ${callsOpen === 1 ? 'call' : 'calls'} open`);
    return words.join(', ');
  }

  private get parts(): Pick<Request, 'state' | 'wakeAtMs' | 'askAtMs' | 'time' | 'callsOpen' | 'why'> {
    const { state, wakeAtMs, askAtMs, time, callsOpen, why } = this.request;
    return { state, wakeAtMs, askAtMs, time, callsOpen, why };
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** A command as a person reads it. */
export function shown(command: Command): string {
  switch (command.kind) {
    case 'send':
      return `send #${command.turn} ${shownCall(command)}${command.isUrgent ? ', at once' : ''}`;
    case 'tell': {
      const { kind: _, event, ...facts } = command;
      const more = Object.values(facts).map(String);
      return [`tell ${event}`, ...more].join(' ');
    }
    case 'settle': {
      const { kind, ...facts } = command.outcome;
      const who = command.caller === ACQUIRER ? 'the acquirer' : `caller ${command.caller}`;
      const more = Object.entries(facts).map(([key, value]) => `${key}=${String(value)}`);
      return [`${who}: ${kind}`, ...more].join(' ');
    }
    case 'abort':
      return `the signal aborts: ${command.lost ?? String(command.reason)}`;
  }
}

function shownCall({ operation, id }: Send): string {
  const of = id.replace(/\..*/, '');
  switch (operation.kind) {
    case 'acquire':
    case 'try':
    case 'steal': {
      const { names, ttlMs, units, limit, lingers } = operation.terms;
      const terms = `ttl ${ttlMs}, ${units} of ${limit}${lingers === true ? ', lingers' : ''}`;
      return `${operation.kind} ${names.join('+')} as ${of}, ${terms}`;
    }
    case 'check':
      return `${operation.isSure ? 'sure check' : 'check'} ${of}`;
    case 'extend':
    case 'transfer':
      return `${operation.kind} ${of} by ${operation.ttlMs}`;
    case 'keep':
      return `keep ${of} for ${operation.ms}`;
    case 'adopt':
      return `adopt ${operation.id} as ${of}`;
    case 'release':
      return `release ${of}${operation.next === undefined ? '' : `, next ${operation.next.id}`}`;
    default:
      return `${operation.kind} ${of}`;
  }
}
