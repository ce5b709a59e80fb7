import assert from 'node:assert';
import { type Action, INBOX_IDS, TICKET_IDS } from './actions.js';
import { Beliefs } from './beliefs.js';
import type { Call, Scene } from './calls.js';
import { callOf, checkCall, closeCall, extendCall, pythonReleaseCall, unanswered } from './calls.js';
import { LockModel } from './lock-model.js';
import type { Message, Status } from './lock-state.js';
import { type ServerState, visibleOf } from './server-state.js';
import { type Heard, isFailed, ROOM_GONE, type Subject } from './subject.js';
import { TimeTrial } from './time-trial.js';

/** A node's own time goes by: there a grant is answered long before its claim window is over. */
const ANSWER_WITHIN_MS = 250;
const ANSWERED_TTL_MS = 600_000;

interface Outcome {
  readonly answer: unknown;
  /** The answer by the model. */
  readonly said: unknown;
  readonly heard: readonly Heard[];
}

/** One run: each action is done to the server and to the model; then everything that can be seen is compared. */
export class Trial implements Scene {
  readonly model: LockModel;
  readonly pythonRooms: number[] = [];
  readonly #beliefs = new Beliefs();
  readonly #subject: Subject;
  readonly #time: TimeTrial | undefined;
  #observed: ServerState;
  #lastToken = 0;
  #greatestToken = 0;
  #answeredMs = Date.now();
  /** The sweeper was taken away, and nothing has been filed since. */
  #mayLackSweeper = false;

  private constructor(subject: Subject, observed: ServerState) {
    this.#subject = subject;
    this.#observed = observed;
    this.model = new LockModel(observed.lastToken);
    this.#time = subject.bench && new TimeTrial(this, subject.bench);
  }

  /** @param subject with a schema that nobody has used, or one that all have left */
  static async on(subject: Subject): Promise<Trial> {
    return new Trial(subject, await subject.state());
  }

  get observed(): ServerState {
    return this.#observed;
  }

  get mayLackSweeper(): boolean {
    return this.#mayLackSweeper;
  }

  async take(action: Action): Promise<void> {
    switch (action.kind) {
      case 'pass':
      case 'jump':
      case 'pass to due':
      case 'jump to due':
      case 'remember':
      case 'go back':
      case 'lose sweeper':
        await this.#time?.take(action);
        return;
      default:
        if (!this.#time) await this.#answerInTime();
        await this.call(callOf(action, this));
    }
  }

  /** Everybody lets go, or everything ends by itself; then nothing is left, and nothing happens any more. */
  async finish(byTime: boolean): Promise<void> {
    if (!byTime || !this.#time) await this.#letGo();
    await this.#time?.passUntilNothingIsLeft();
    const { inboxes } = this.model.state;
    assert.deepStrictEqual([...this.model.tickets(), ...inboxes.keys()], [], 'what the model has left');
    if (!this.#time) return;
    assert.ok(this.#observed.isEmpty, 'something is left');
    await this.#time.passInPeace();
  }

  async #letGo(): Promise<void> {
    for (const inbox of INBOX_IDS) await this.call(closeCall(this, inbox));
    for (const { key, name } of this.model.tickets()) {
      await this.call(pythonReleaseCall(this.model, name, Number(key.slice('room:'.length))));
    }
  }

  /** The server has looked after what is due. */
  async swept(at: number): Promise<void> {
    this.model.sweep(at, this.#observed.dueOrder);
    const heard = this.#subject.takeHeard();
    await this.settle(at, await this.#subject.state(), { answer: null, said: null, heard });
  }

  async call({ procedure, args, makesChange, says }: Call): Promise<void> {
    const { bench } = this.#subject;
    const changes = bench?.changes ?? 0;
    const answer = await this.#subject.call(procedure, args);
    // What makes no change changes nothing.
    const state = bench?.changes === changes ? this.#observed : await this.#subject.state();
    const heard = this.#subject.takeHeard();
    const at = this.#subject.timeOf([...timesIn(answer), ...heard.flatMap(timeIn), state.newestTime]);
    if (bench) assert.equal(bench.changes > changes, makesChange(at), `whether ${procedure} makes a change`);
    const said = says(at, answer);
    await this.settle(at, state, { answer, said, heard });
    this.#believe(procedure, args, said);
    this.#beliefs.assertInTime(this.model, at);
  }

  /** The state is as the model says, and so is what was answered and heard. */
  async settle(at: number, state: ServerState, { answer, said, heard }: Outcome): Promise<void> {
    const before = this.#observed;
    const rooms = new Map([...before.rooms, ...state.rooms]);
    const gone = [...before.rooms.keys()].filter((room) => !state.rooms.has(room));
    const told = this.model.takeTold();
    const actual = {
      answer: isFailed(answer) ? answer.code : withInboxes(answer, rooms),
      heard: heard.filter(({ event }) => event !== ROOM_GONE).map((one) => messageOf(one, rooms)),
      gone: heard.flatMap(({ event, room }) => (event === ROOM_GONE ? [room] : [])).sort(),
      state: state.visible,
    };
    const expected = { answer: said, heard: told, gone: gone.sort(), state: visibleOf(this.model) };
    for (const part of ['answer', 'heard', 'state', 'gone'] as const) {
      assert.deepStrictEqual({ [part]: actual[part] }, { [part]: expected[part] });
    }
    this.#assertTokenGrows();
    this.#mayLackSweeper &&= !state.isFiledSince(before);
    const nowSecond = this.#subject.bench ? Math.floor(at / 1e6) : Math.ceil(Date.now() / 1000);
    state.assertSound(nowSecond, this.#mayLackSweeper);
    this.#beliefs.told(told);
    await this.look(state);
  }

  /** Goes on from what is stored now, in all rooms that there are. */
  async look(state: ServerState): Promise<void> {
    const rooms = [...state.rooms.keys()].filter((room) => !this.#observed.rooms.has(room));
    this.#observed = state;
    if (rooms.length > 0) await this.#subject.join(rooms);
  }

  /** The server has gone back to an older state; every process connects again, and asks. */
  async reconnect(): Promise<void> {
    const state = await this.#subject.state();
    await this.#subject.join(state.rooms.keys());
    this.#observed = state;
    this.#lastToken = state.lastToken;
    this.#mayLackSweeper = state.isSweeperLost;
    await this.call(checkCall(this.model, TICKET_IDS));
    this.#beliefs.forget();
  }

  async loseSweeper(lose: () => void): Promise<void> {
    lose();
    this.#mayLackSweeper = true;
    await this.look(await this.#subject.state());
  }

  #assertTokenGrows(): void {
    const tokens = this.model.tickets().flatMap(({ lease }) => lease?.token ?? []);
    assert.equal(new Set(tokens).size, tokens.length, 'two holders with one token');
    const { lastToken } = this.model.state;
    if (lastToken === this.#lastToken) return;
    assert.ok(lastToken > this.#greatestToken, `token ${lastToken} after ${this.#greatestToken}`);
    this.#lastToken = this.#greatestToken = lastToken;
  }

  #believe(procedure: string, args: readonly unknown[], said: unknown): void {
    if (procedure === 'lock_acquire' || procedure === 'lock_try') {
      if (Array.isArray(said)) this.#beliefs.answered(args[1] as string, said as Status);
    } else if (procedure === 'lock_check') {
      (args[0] as string[]).forEach((key, i) => this.#beliefs.answered(key, (said as Status[])[i] ?? []));
    }
  }

  async #answerInTime(): Promise<void> {
    const waiting = unanswered(this.model, ANSWERED_TTL_MS);
    if (waiting.length === 0) {
      this.#answeredMs = Date.now();
    } else if (Date.now() - this.#answeredMs > ANSWER_WITHIN_MS) {
      await this.call(extendCall(this.model, waiting));
      this.#answeredMs = Date.now();
    }
  }
}

/** In a status the room stands last; the model speaks of whose it is. */
function withInboxes(answer: unknown, rooms: ReadonlyMap<number, string>): unknown {
  if (!Array.isArray(answer)) return answer;
  if (isStatus(answer) && answer.length === 6)
    return [...(answer.slice(0, 5) as unknown[]), rooms.get(answer[5] as number)];
  return answer.map((one) => withInboxes(one, rooms));
}

function messageOf({ room, event, args }: Heard, rooms: ReadonlyMap<number, string>): Message {
  return { to: rooms.get(room) ?? `room ${room}`, event, args };
}

/** `granted` and `watch` tell the server's time. */
function timeIn({ event, args }: Heard): number[] {
  return args.slice(...(event === 'granted' ? [2, 3] : [1, 2]));
}

/** Every status in an answer begins with its state and the server's time. */
function timesIn(answer: unknown): number[] {
  if (!Array.isArray(answer)) return [];
  return isStatus(answer) ? [answer[1] as number] : answer.flatMap(timesIn);
}

/** Nothing else in an answer is as large as a time. */
function isStatus(answer: readonly unknown[]): boolean {
  return typeof answer[1] === 'number' && answer[1] > 1e15;
}
