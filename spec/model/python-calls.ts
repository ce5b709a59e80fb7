import assert from 'node:assert';
import type { Acted } from './actions.js';
import { always, type Call, never, type Scene } from './call.js';
import type { LockModel } from './lock-model.js';
import { roomKey } from './lock-state.js';

/** What python-thingsdb calls. */

type PythonAction = Acted<'python acquire' | 'python test' | 'python release'>;

const UNKNOWN_ROOM = 999_999_999;

export function pythonCall(action: PythonAction, scene: Scene): Call {
  const { model, observed, pythonRooms } = scene;
  if (action.kind === 'python acquire') {
    return {
      procedure: 'acquire',
      args: [action.name, action.timeoutS],
      makesChange: always,
      says: (at, answer) => {
        const room = (answer as readonly unknown[])[1] as number;
        assert.ok(!observed.rooms.has(room), `room ${room} is in use already`);
        pythonRooms.push(room);
        const [immediately, ahead] = model.pythonAcquire(at, action.name, action.timeoutS, roomKey(room));
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
    says: () => model.pythonTest(roomKey(room), observed.rooms.has(room)),
  };
}

export function pythonReleaseCall(model: LockModel, name: string, room: number): Call {
  return {
    procedure: 'release',
    args: [name, room],
    makesChange: always,
    says: (at) => {
      model.pythonRelease(at, name, roomKey(room));
      return null;
    },
  };
}
