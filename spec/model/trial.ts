import assert from 'node:assert';
import { type Action, INBOX_IDS, TICKET_IDS } from './actions.js';
import { Beliefs } from './beliefs.js';
import type { Adoption, Call, Scene } from './call.js';
import { callOf, closeCall } from './calls.js';
import { Choices } from './choices.js';
import { Laws } from './laws.js';
import { LockModel } from './lock-model.js';
import { isPython, roomOf } from './lock-state.js';
import { byReader, messagesOf, roomsGone, timesToldIn } from './messages.js';
import { forceReleaseCall } from './name-calls.js';
import { acknowledgeOperation, batchCall, checkOperation, unanswered } from './operations.js';
import { pythonReleaseCall } from './python-calls.js';
import type { ServerState } from './server-state.js';
import { type Heard, isFailed, type Subject } from './subject.js';
import { TimeTrial } from './time-trial.js';
import { visibleOf } from './visible-state.js';

/** A node's own time goes by: there a grant is answered long before its claim window is over. */
const ANSWER_WITHIN_MS = 250;

/** What the server has done by itself or on a call, and what the model makes of it. */
interface Outcome {
  readonly at: number;
  readonly state: ServerState;
  readonly heard: readonly Heard[];
  readonly answer?: unknown;
  /** Brings the model to the same point. Gives the answer. */
  readonly says: (at: number, answer: unknown) => unknown;
  readonly read?: Call['read'];
  readonly stealer?: Call['stealer'];
}

/** One run: each action is done to the server and to the model; then everything that can be seen is compared. */
export class Trial implements Scene {
  readonly model: LockModel;
  readonly pythonRooms: number[] = [];
  adopted: Adoption | undefined;
  readonly #beliefs = new Beliefs();
  readonly #laws = new Laws();
  readonly #subject: Subject;
  readonly #time: TimeTrial | undefined;
  #observed: ServerState;
  #lastToken: number;
  #answeredMs = Date.now();
  /** The sweeper was taken away, and nothing has been filed since. */
  #mayLackSweeper = false;

  private constructor(subject: Subject, observed: ServerState) {
    this.#subject = subject;
    this.#observed = observed;
    this.#lastToken = observed.lastToken;
    this.model = new LockModel(observed.lastToken, subject.mostWatches);
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
    assert.deepStrictEqual(this.model.tickets(), [], 'what the model has left');
    assert.deepStrictEqual([...this.model.state.inboxes], [], 'what the model has left');
    if (!this.#time) return;
    assert.ok(this.#observed.isEmpty, 'something is left');
    await this.#time.passInPeace();
  }

  async #letGo(): Promise<void> {
    for (const inbox of INBOX_IDS) await this.call(closeCall(this, inbox));
    for (const ticket of [...this.model.tickets()]) {
      const [name = ''] = ticket.names;
      const isGone = !this.model.tickets().includes(ticket);
      // What is kept is nobody's any more.
      if (isPython(ticket)) await this.call(pythonReleaseCall(this.model, name, roomOf(ticket.key)));
      else if (!isGone) await this.call(forceReleaseCall(this.model, name));
    }
  }

  /** The server has looked after what is due. */
  async swept(at: number): Promise<void> {
    const heard = this.#subject.takeHeard();
    const state = await this.#subject.state();
    await this.#settle({ at, state, heard, says: () => this.model.sweep(at, this.#observed.names) });
  }

  async call(call: Call): Promise<void> {
    const { procedure, args, makesChange } = call;
    const readers = new Set(this.#observed.rooms.values());
    const { bench } = this.#subject;
    const changes = bench?.changes ?? 0;
    const answer = await this.#subject.call(procedure, args);
    // What makes no change changes nothing.
    const state = bench?.changes === changes ? this.#observed : await this.#subject.state();
    const heard = this.#subject.takeHeard();
    const seen = [...timesIn(answer), ...timesToldIn(heard)];
    const at = this.#subject.timeOf([...seen, state.newestTime]);
    if (bench) assert.equal(bench.changes > changes, makesChange(at), `whether ${procedure} makes a change`);
    const said = await this.#settle({ ...call, at, state, heard, answer });
    const isInRoom = readers.has(String(args[1]));
    for (const [{ key }, told] of call.told?.(said) ?? []) {
      if (isInRoom) this.#beliefs.answered(key, told, at);
      else this.#beliefs.unheard(key);
    }
    this.#beliefs.assertInTime(this.model, at);
  }

  /** The state is as the model says, and so is what was answered and heard. Gives the answer by the model. */
  async #settle({ at, state, heard, answer = null, says, read, stealer }: Outcome): Promise<unknown> {
    const before = this.#observed;
    const rooms = new Map([...before.rooms, ...state.rooms]);
    const messages = messagesOf(heard, rooms);
    this.model.follow(new Choices([...messages, ...state.unheardSince(before, at)], state.tokens, answer));
    const said = says(at, answer) ?? null;
    const readers = new Set(before.rooms.values());
    const told = this.model.takeTold().filter(({ to }) => readers.has(to));
    const actual = {
      answer: isFailed(answer) ? answer.code : read ? read(answer, rooms) : answer,
      heard: byReader(messages),
      gone: roomsGone(heard),
      state: state.visible,
    };
    const expected = {
      answer: said,
      heard: byReader(told),
      gone: [...before.rooms.keys()].filter((room) => !state.rooms.has(room)).sort(),
      state: visibleOf(this.model.state),
    };
    for (const part of ['answer', 'heard', 'state', 'gone'] as const) {
      assert.deepStrictEqual({ [part]: actual[part] }, { [part]: expected[part] });
    }
    this.#assertLawful(stealer);
    this.#mayLackSweeper &&= !state.isArmedSince(before);
    state.assertSound(this.#subject.bench ? Math.floor(at / 1e6) : nodeSecond(), this.#mayLackSweeper);
    this.#beliefs.told(told);
    await this.look(state);
    return said;
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
    this.#laws.resume(this.model.tickets());
    this.#mayLackSweeper = state.isSweeperLost;
    await this.#checkAll();
    this.#beliefs.forget(this.model);
  }

  async loseSweeper(lose: () => void): Promise<void> {
    lose();
    this.#mayLackSweeper = true;
    await this.look(await this.#subject.state());
  }

  #assertLawful(stealer: string | undefined): void {
    this.#laws.assertKept(this.model.tickets(), stealer);
    const { lastToken } = this.model.state;
    assert.ok(lastToken >= this.#lastToken, `the last token was ${this.#lastToken}, and is ${lastToken}`);
    this.#lastToken = lastToken;
  }

  /** Every process asks for whatever may be its own. */
  async #checkAll(): Promise<void> {
    const known = TICKET_IDS.flatMap((key) => this.model.tickets().filter((ticket) => ticket.key === key));
    const refs = known.map(({ key, names }) => ({ key, name: names[0] as string }));
    await this.call(
      batchCall(
        this.model,
        0,
        refs.map((ref) => checkOperation(this.model, ref, false)),
      ),
    );
  }

  async #answerInTime(): Promise<void> {
    const waiting = unanswered(this.model);
    if (waiting.length === 0) {
      this.#answeredMs = Date.now();
    } else if (Date.now() - this.#answeredMs > ANSWER_WITHIN_MS) {
      const operations = waiting.map((ref) => acknowledgeOperation(this.model, ref));
      await this.call(batchCall(this.model, 0, operations));
      this.#answeredMs = Date.now();
    }
  }
}

const nodeSecond = (): number => Math.ceil(Date.now() / 1000);

/** A batch is answered with the server's time first, and so is a query. */
function timesIn(answer: unknown): number[] {
  const first: unknown = Array.isArray(answer) ? answer[0] : undefined;
  return typeof first === 'number' && first > 1e15 ? [first] : [];
}
