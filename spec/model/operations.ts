import { IDS, inboxId, type OperationAction, ownerOf, ticketId } from './actions.js';
import { type Adoption, always, type Call, type Scene } from './call.js';
import { waitingFor } from './lines.js';
import type { LockModel, ModelOperation } from './lock-model.js';
import {
  type Answer,
  type Caller,
  isPython,
  labelOf,
  type Ref,
  refOf,
  type Request,
  type Ticket,
} from './lock-state.js';
import { isSane } from './wish.js';

/** What a process asks of its requests: operations of lock_batch, as the model and the procedures have them. */

/** The operations that an action makes, as things are. */
export function operationsOf(action: OperationAction, scene: Scene): ModelOperation[] {
  const { model } = scene;
  switch (action.kind) {
    case 'acquire':
    case 'clash':
    case 'try':
      return [requestOperation(model, requestOf(action, model), action.kind === 'try' ? 'try' : 'wait')];
    case 'check':
    case 'check surely':
      return refsOf(action, model).map((ref) => checkOperation(model, ref, action.kind === 'check surely'));
    case 'release':
    case 'withdraw':
    case 'acknowledge': {
      const { kind } = action;
      return refsOf(action, model).map((ref) =>
        plain(kind, ref, (at, caller) => model[kind](at, ref, caller)),
      );
    }
    case 'extend':
    case 'keep':
    case 'transfer':
      return action.leases.map(([id, ms]) => timed(action.kind, model, refTo(id, action.astray, model), ms));
    case 'answer':
      return unanswered(model, inboxId(action.inbox)).map((ref) =>
        plain('acknowledge', ref, (at, caller) => model.acknowledge(at, ref, caller)),
      );
    case 'adopt again':
      return scene.adopted ? [adoptOperation(model, scene.adopted)] : [];
    default:
      return chosenOperations(action, scene);
  }
}

type Chosen = Extract<OperationAction, { readonly nth: number }>;

/** What is done about somebody who holds a name, or who waits for it: so that most actions meet something. */
function chosenOperations(action: Chosen, scene: Scene): ModelOperation[] {
  const { model } = scene;
  const { name, nth } = action;
  const isWaiting = action.kind === 'withdraw waiting' || action.kind === 'repeat waiting';
  const line = isWaiting ? waitingFor(model.state, name) : model.holders(name);
  const ours = line.filter((ticket) => !isPython(ticket));
  const ticket = ours[nth % ours.length];
  if (!ticket) return [];
  const ref = refOf(ticket);
  switch (action.kind) {
    case 'release holder':
      return [plain('release', ref, (at, caller) => model.release(at, ref, caller))];
    case 'hand on':
      return [handOn(model, ref, waitingFor(model.state, name).filter((one) => !isPython(one))[action.next])];
    case 'withdraw waiting':
      return [plain('withdraw', ref, (at, caller) => model.withdraw(at, ref, caller))];
    case 'renew holder':
      return [timed('extend', model, ref, action.ttlMs)];
    case 'keep holder':
      return [timed('keep', model, ref, action.ttlMs)];
    case 'transfer holder':
      return [timed('transfer', model, ref, action.ttlMs)];
    case 'repeat holder':
    case 'repeat waiting':
      return [requestOperation(model, repeatOf(ticket), action.how)];
    case 'adopt':
    case 'take': {
      const number = action.kind === 'take' ? action.id : freeNumber(model, action.id);
      scene.adopted = { ref, heir: { key: ticketId(number), number } };
      return [adoptOperation(model, scene.adopted)];
    }
  }
}

/** One call with all of them. */
export function batchCall(model: LockModel, inbox: number, operations: readonly ModelOperation[]): Call {
  const caller = callerOf(inbox);
  return {
    procedure: 'lock_batch',
    args: [null, caller.inbox, caller.owner, operations.map(({ wire }) => wire)],
    makesChange: (at) => model.makesChange(at, operations),
    says: (at) => said(model, caller, model.batch(at, caller, operations)),
    read: withInbox,
    told: (answer) => operations.map(({ about }, i) => [about, (answer as Said).answers[i] ?? []] as const),
  };
}

export function stealCall(model: LockModel, inbox: number, request: Request): Call {
  const caller = callerOf(inbox);
  const operation = requestOperation(model, request, 'steal');
  const isMalformed = model.peekTry(0, request)?.[0] === REFUSED;
  return {
    procedure: 'lock_steal',
    args: [caller.inbox, caller.owner, operation.wire],
    makesChange: always,
    says: (at) => (isMalformed ? BAD_ARGUMENT : said(model, caller, model.batch(at, caller, [operation]))),
    read: withInbox,
    stealer: labelOf(request),
  };
}

const REFUSED = 4;
const BAD_ARGUMENT = -100;

interface Said {
  readonly inbox: string;
  readonly answers: readonly Answer[];
}

function said({ state }: LockModel, { inbox }: Caller, answers: readonly Answer[]): Said {
  return { inbox: state.inboxes.has(inbox) ? inbox : '', answers };
}

/** The model speaks of whose a room is: nobody's, if it is no room. */
function withInbox(answer: unknown, rooms: ReadonlyMap<number, string>): unknown {
  const [, room, answers] = answer as [number, number, unknown];
  return { inbox: room === 0 ? '' : rooms.get(room), answers };
}

function requestOperation(model: LockModel, request: Request, how: 'wait' | 'try' | 'steal'): ModelOperation {
  const { key, number, names, ttlMs, units, limit, lingers } = request;
  const kind = how === 'try' ? 'try' : 'acquire';
  const isRefused = (): Answer | undefined => {
    const answer = model.peekTry(0, { ...request, names: [...names] });
    return answer?.[0] === REFUSED ? answer : undefined;
  };
  return {
    wire: [
      ...[kind, key, number, names.length === 1 ? names[0] : names, ttlMs, units, limit],
      ...(lingers === true ? [true] : []),
    ],
    about: refOf(request),
    decide: (at, caller) => model.request(at, request, how, caller),
    peek: how === 'try' ? (at) => model.peekTry(at, request) : isRefused,
    ...(how === 'try' && isSane(request) && { knock: (asked: Set<string>) => model.want(names, asked) }),
  };
}

export function checkOperation(model: LockModel, ref: Ref, isSure: boolean): ModelOperation {
  return {
    wire: ['check', ref.name, ref.key, isSure],
    about: ref,
    decide: (at, caller) => model.check(at, ref, caller),
    ...(!isSure && { peek: (at) => model.peekCheck(at, ref), knock: () => model.knockOf(ref) }),
  };
}

export function acknowledgeOperation(model: LockModel, ref: Ref): ModelOperation {
  return plain('acknowledge', ref, (at, caller) => model.acknowledge(at, ref, caller));
}

function plain(kind: string, ref: Ref, decide: ModelOperation['decide']): ModelOperation {
  return { wire: [kind, ref.name, ref.key], about: ref, decide };
}

function handOn(model: LockModel, ref: Ref, next: Ticket | undefined): ModelOperation {
  if (!next) return plain('release', ref, (at, caller) => model.release(at, ref, caller));
  const { key } = next;
  return {
    wire: ['release', ref.name, ref.key, key],
    about: ref,
    decide: (at, caller) => model.release(at, ref, caller, key),
  };
}

function timed(kind: 'extend' | 'keep' | 'transfer', model: LockModel, ref: Ref, ms: number): ModelOperation {
  return {
    wire: [kind, ref.name, ref.key, ms],
    about: ref,
    decide: (at, caller) =>
      kind === 'keep' ? model.keep(at, ref, ms) : model.extend(at, ref, ms, caller, kind === 'transfer'),
  };
}

function adoptOperation(model: LockModel, { ref, heir }: Adoption): ModelOperation {
  return {
    wire: ['adopt', ref.name, ref.key, heir.key, heir.number],
    about: ref,
    decide: (at, caller) => model.adopt(at, ref, heir, caller),
  };
}

/** Grants that were pushed and wait to be acknowledged, of one inbox or of all. */
export function unanswered(model: LockModel, inbox?: string): Ref[] {
  return model
    .tickets()
    .filter((ticket) => ticket.state === 'granted' && ticket.inbox === (inbox ?? ticket.inbox))
    .map(refOf);
}

/** One that no ticket has, from `first` on. */
export function freeNumber(model: LockModel, first: number): number {
  const numbers = Array.from({ length: IDS }, (_, more) => (first + more) % IDS);
  return numbers.find((number) => !model.withKey(ticketId(number))) ?? first;
}

function requestOf(
  { kind, id, wish, ttlMs }: Extract<OperationAction, { readonly wish: unknown }>,
  model: LockModel,
): Request {
  const number = kind === 'clash' ? id : freeNumber(model, id);
  return { key: ticketId(number), number, ...wish, ttlMs };
}

function repeatOf({ key, names, units, limit, lingers = false, ttlUs, number }: Ticket): Request {
  return { key, names, units, limit, lingers, ttlMs: ttlUs / 1000, number };
}

function refsOf(
  { ids, astray }: { readonly ids: readonly number[]; readonly astray: string | null },
  model: LockModel,
): Ref[] {
  return ids.map((id) => refTo(id, astray, model));
}

function refTo(id: number, astray: string | null, model: LockModel): Ref {
  const key = ticketId(id);
  const ticket = model.withKey(key);
  return ticket && astray === null ? refOf(ticket) : { key, name: astray ?? 'a' };
}

function callerOf(inbox: number): Caller {
  return { inbox: inboxId(inbox), owner: ownerOf(inbox) };
}
