import assert from 'node:assert';
import { type Action, inboxId, ticketId, type TimeAction } from './actions.js';
import type { LockModel } from './lock-model.js';
import type { Status } from './lock-state.js';
import type { ServerState } from './server-state.js';

/** A procedure to call, and the model's word on it. */
export interface Call {
  readonly procedure: string;
  readonly args: readonly unknown[];
  /** Whether it makes a change; asked before {@link says}. */
  readonly makesChange: (at: number) => boolean;
  /** What it answers; a number alone is an error's code. */
  readonly says: (at: number, answer: unknown) => unknown;
}

/** What the actions of a run go by. */
export interface Scene {
  readonly model: LockModel;
  readonly observed: ServerState;
  /** Every room that a Python request of this run was given. */
  readonly pythonRooms: number[];
}

type CallAction = Exclude<Action, TimeAction>;

const always = (): boolean => true;
const never = (): boolean => false;
const UNKNOWN_ROOM = 999_999_999;

export function callOf(action: CallAction, scene: Scene): Call {
  const { model } = scene;
  switch (action.kind) {
    case 'acquire':
    case 'try':
      return requestCall(action, model);
    case 'check':
      return checkCall(model, action.ids.map(ticketId));
    case 'release':
      return releaseCall(model, action.ids.map(ticketId));
    case 'withdraw':
      return withdrawCall(model, action.ids.map(ticketId));
    case 'extend':
      return extendCall(
        model,
        action.leases.map(([id, ttlMs]) => [ticketId(id), ttlMs]),
      );
    case 'answer':
      return extendCall(model, unanswered(model, action.ttlMs, inboxId(action.inbox)));
    case 'locked':
    case 'python locked':
      return {
        procedure: action.kind === 'locked' ? 'lock_locked' : 'locked',
        args: [action.name],
        makesChange: (at) => model.hasExpired(at, action.name),
        says: (at) => model.isLocked(at, action.name),
      };
    case 'close':
      return closeCall(scene, inboxId(action.inbox));
    case 'release holder':
    case 'renew holder':
      return holderCall(action, model);
    case 'python acquire':
    case 'python test':
    case 'python release':
      return pythonCall(action, scene);
  }
}

export function checkCall(model: LockModel, keys: readonly string[]): Call {
  return {
    procedure: 'lock_check',
    args: [keys],
    makesChange: (at) => keys.some((key) => model.hasExpired(at, model.ticket(key)?.name)),
    says: (at) => model.check(at, keys),
  };
}

/** Grants that were pushed and wait for an answer, of one inbox or of all. */
export function unanswered(model: LockModel, ttlMs: number, inbox?: string): [key: string, ttlMs: number][] {
  return model
    .tickets()
    .filter((ticket) => ticket.lease?.isClaimed === false && ticket.inbox === (inbox ?? ticket.inbox))
    .map(({ key }) => [key, ttlMs]);
}

export function extendCall(
  model: LockModel,
  leases: readonly (readonly [key: string, ttlMs: number])[],
): Call {
  return {
    procedure: 'lock_extend',
    args: [leases],
    makesChange: always,
    says: (at) => model.extend(at, leases),
  };
}

function requestCall(action: CallAction & { kind: 'acquire' | 'try' }, model: LockModel): Call {
  const { kind, name, id: number, ttlMs } = action;
  const request = { name, id: ticketId(number), number, inbox: inboxId(action.inbox), ttlMs };
  const mayWait = kind === 'acquire';
  return {
    procedure: mayWait ? 'lock_acquire' : 'lock_try',
    args: [name, request.id, number, request.inbox, ttlMs, 'the model'],
    makesChange: (at) => {
      const known = model.ticket(request.id);
      if (mayWait || known) return mayWait || known?.name === name;
      return !model.isBusy(at, name);
    },
    says: (at) => model.request(at, request, mayWait),
  };
}

function releaseCall(model: LockModel, keys: readonly string[]): Call {
  return {
    procedure: 'lock_release',
    args: [keys],
    makesChange: always,
    says: (at) => model.release(at, keys),
  };
}

function withdrawCall(model: LockModel, keys: readonly string[]): Call {
  return {
    procedure: 'lock_withdraw',
    args: [keys],
    makesChange: always,
    says: (at) => model.withdraw(at, keys),
  };
}

export function closeCall({ model, observed }: Scene, inbox: string): Call {
  return {
    procedure: 'lock_close',
    args: [inbox],
    makesChange: always,
    says: (at) => {
      model.close(at, inbox, observed.ticketsOf(inbox));
      return null;
    },
  };
}

function holderCall(
  action: CallAction & { kind: 'release holder' | 'renew holder' },
  model: LockModel,
): Call {
  const holder = model.holder(action.name);
  if (holder?.inbox === null) return pythonReleaseCall(model, action.name, roomOf(holder.key));
  const keys = holder ? [holder.key] : [];
  if (action.kind === 'release holder') return releaseCall(model, keys);
  return extendCall(
    model,
    keys.map((key) => [key, action.ttlMs]),
  );
}

const roomOf = (key: string): number => Number(key.slice('room:'.length));

export function pythonReleaseCall(model: LockModel, name: string, room: number): Call {
  return {
    procedure: 'release',
    args: [name, room],
    makesChange: always,
    says: (at) => {
      model.pythonRelease(at, name, `room:${room}`);
      return null;
    },
  };
}

type PythonAction = CallAction & { kind: 'python acquire' | 'python test' | 'python release' };

function pythonCall(action: PythonAction, scene: Scene): Call {
  const { model, observed, pythonRooms } = scene;
  if (action.kind === 'python acquire') {
    return {
      procedure: 'acquire',
      args: [action.name, action.timeoutS],
      makesChange: always,
      says: (at, answer) => {
        const room = (answer as Status)[1] as number;
        assert.ok(!observed.rooms.has(room), `room ${room} is in use already`);
        pythonRooms.push(room);
        const [immediately, ahead] = model.pythonAcquire(at, action.name, action.timeoutS, `room:${room}`);
        return [immediately, room, ahead];
      },
    };
  }
  // The last of them: those before have mostly gone.
  const room = pythonRooms.at(-1 - action.nth) ?? UNKNOWN_ROOM;
  if (action.kind === 'python release') return pythonReleaseCall(model, action.name, room);
  return {
    procedure: 'test',
    args: [room],
    makesChange: never,
    says: () => model.pythonTest(`room:${room}`, observed.rooms.has(room)),
  };
}
