import { type CallAction, inboxId, ticketId } from './actions.js';
import type { Call, Scene } from './call.js';
import { adoptChosenCall, holderCall, repeatChosenCall, withdrawWaitingCall } from './chosen-ticket-calls.js';
import { nameCall } from './name-calls.js';
import { pythonCall } from './python-calls.js';
import { requestCall } from './request-calls.js';
import {
  checkCall,
  closeCall,
  extendCall,
  keepCall,
  releaseCall,
  unanswered,
  withdrawCall,
} from './ticket-calls.js';

/** The call that an action makes, as things are. */
export function callOf(action: CallAction, scene: Scene): Call {
  const { model } = scene;
  switch (action.kind) {
    case 'acquire':
    case 'try':
    case 'steal':
    case 'clash':
      return requestCall(action, model);
    case 'check':
      return checkCall(model, action.ids.map(ticketId), action.isSure);
    case 'release':
      return releaseCall(model, action.ids.map(ticketId));
    case 'withdraw':
      return withdrawCall(model, action.ids.map(ticketId));
    case 'extend':
      return extendCall(model, withKeys(action.leases));
    case 'keep':
      return keepCall(model, withKeys(action.leases));
    case 'answer':
      return extendCall(model, unanswered(model, action.ttlMs, inboxId(action.inbox)));
    case 'close':
      return closeCall(scene, inboxId(action.inbox));
    case 'release holder':
    case 'renew holder':
    case 'keep holder':
    case 'hand on holder':
      return holderCall(action, scene);
    case 'withdraw waiting':
      return withdrawWaitingCall(action, scene);
    case 'repeat holder':
    case 'repeat waiting':
      return repeatChosenCall(action, scene);
    case 'adopt':
    case 'take':
      return (scene.adopted = adoptChosenCall(action, scene));
    case 'adopt again':
      return scene.adopted ?? checkCall(model, [], true);
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
  }
}

function withKeys(leases: readonly (readonly [id: number, ms: number])[]): [key: string, ms: number][] {
  return leases.map(([id, ms]) => [ticketId(id), ms]);
}
