import type { Acted } from './actions.js';
import { always, type Call, never } from './call.js';
import type { LockModel } from './lock-model.js';
import { watchersOf } from './lock-state.js';

/** What anybody may ask of a name, without an id. */

/** What is told of a name that is not taken up. */
const NO_PLACE = [4, -105];

type NameAction = Acted<'locked' | 'python locked' | 'force release' | 'ask' | 'fence' | 'watch' | 'query'>;

export function nameCall(action: NameAction, model: LockModel): Call {
  switch (action.kind) {
    case 'locked':
    case 'python locked':
      return {
        procedure: action.kind === 'locked' ? 'lock_locked' : 'locked',
        args: [action.name],
        makesChange: (at) => model.holders(action.name).length > 0 && !model.isHeld(at, action.name),
        says: (at) => model.isLocked(at, action.name),
      };
    case 'force release':
      return forceReleaseCall(model, action.name);
    case 'ask':
      return {
        procedure: 'lock_ask',
        args: [action.name, 'somebody'],
        makesChange: never,
        says: (at) => model.ask(at, action.name, 'somebody'),
      };
    case 'fence':
      return fenceCall(action, model);
    case 'watch':
      return {
        procedure: 'lock_watch',
        args: [action.names],
        makesChange: always,
        says: (at) => action.names.map((name) => (model.watch(at, name) ? watchersOf(name) : NO_PLACE)),
        read: (answer, rooms) =>
          (answer as unknown[]).map((told) => (typeof told === 'number' ? rooms.get(told) : told)),
      };
    case 'query':
      return queryCall(action, model);
  }
}

export function forceReleaseCall(model: LockModel, name: string): Call {
  return {
    procedure: 'lock_force_release',
    args: [name],
    makesChange: always,
    says: (at) => model.forceRelease(at, name),
  };
}

function fenceCall({ name, nth }: Acted<'fence'>, model: LockModel): Call {
  const tokens = model.tickets().flatMap(({ lease }) => lease?.token ?? []);
  const token = tokens[nth] ?? model.state.lastToken;
  return {
    procedure: 'lock_fence',
    args: [name, token],
    makesChange: never,
    says: (at) => model.fence(at, name, token),
  };
}

function queryCall(query: Acted<'query'>, model: LockModel): Call {
  const { name, after, count, told } = query;
  return {
    procedure: 'lock_query',
    args: [name, after, count, told],
    makesChange: (at) => model.isStale(at, model.queried(name, after, count)),
    says: (at) => model.query(at, query),
  };
}
