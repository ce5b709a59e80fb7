import { type CallAction, inboxId, ticketId } from './actions.js';
import type { Call, Scene } from './call.js';
import { nameCall } from './name-calls.js';
import { batchCall, freeNumber, operationsOf, stealCall } from './operations.js';
import { pythonCall } from './python-calls.js';

/** The call that an action makes, as things are. */
export function callOf(action: CallAction, scene: Scene): Call {
  const { model } = scene;
  switch (action.kind) {
    case 'several':
      return batchCall(
        model,
        action.inbox,
        action.actions.flatMap((one) => operationsOf(one, scene)),
      );
    case 'steal': {
      const number = freeNumber(model, action.id);
      return stealCall(model, action.inbox, {
        ...action.wish,
        key: ticketId(number),
        number,
        ttlMs: action.ttlMs,
      });
    }
    case 'close':
      return closeCall(scene, inboxId(action.inbox));
    case 'python acquire':
    case 'python test':
    case 'python release':
      return pythonCall(action, scene);
    case 'locked':
    case 'python locked':
    case 'force release':
    case 'ask':
    case 'fence':
    case 'watch':
    case 'query':
      return nameCall(action, model);
    default:
      return batchCall(model, action.inbox, operationsOf(action, scene));
  }
}

export function closeCall({ model, observed }: Scene, inbox: string): Call {
  return {
    procedure: 'lock_close',
    args: [inbox],
    // Also of an inbox that is not there: a node that lags may not know it yet.
    makesChange: () => true,
    says: (at) => model.close(at, inbox, observed.heldIn(inbox)),
  };
}
