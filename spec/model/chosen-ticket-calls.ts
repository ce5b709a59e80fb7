import { type Acted, ticketId } from './actions.js';
import type { Call, Scene } from './call.js';
import { waitingFor } from './lines.js';
import { isPython, roomOf, type Ticket } from './lock-state.js';
import { pythonReleaseCall } from './python-calls.js';
import { adoptCall, freeNumber, identity, repeatCall } from './request-calls.js';
import { checkCall, extendCall, keepCall, handOnCall, releaseCall, withdrawCall } from './ticket-calls.js';

/** What is done about somebody who holds a name, or who waits for it: so that most actions meet something. */

type HolderAction = Acted<'release holder' | 'renew holder' | 'keep holder' | 'hand on holder'>;

export function holderCall({ kind, name, nth, ttlMs }: HolderAction, scene: Scene): Call {
  const { model } = scene;
  const holder = chosen(model.holders(name), nth);
  if (!holder) return releaseCall(model, []);
  if (isPython(holder)) return pythonReleaseCall(model, name, roomOf(holder.key));
  const key = ticketId(holder.number);
  switch (kind) {
    case 'release holder':
      return releaseCall(model, [key]);
    case 'renew holder':
      return extendCall(model, [[key, ttlMs]]);
    case 'keep holder':
      return keepCall(model, [[key, ttlMs]]);
    case 'hand on holder':
      return handOnCall(model, [[key, ttlMs]]);
  }
}

export function withdrawWaitingCall({ name, nth }: Acted<'withdraw waiting'>, { model }: Scene): Call {
  const waiting = chosen(waitingFor(model.state, name), nth);
  if (waiting && isPython(waiting)) return pythonReleaseCall(model, name, roomOf(waiting.key));
  return withdrawCall(model, waiting ? [waiting.key] : []);
}

export function repeatChosenCall(
  { kind, name, nth, how }: Acted<'repeat holder' | 'repeat waiting'>,
  { model }: Scene,
): Call {
  const line = kind === 'repeat holder' ? model.holders(name) : waitingFor(model.state, name);
  const ours = line.filter((ticket) => !isPython(ticket));
  const ticket = chosen(ours, nth);
  return ticket ? repeatCall(ticket, how, model) : checkCall(model, [], true);
}

export function adoptChosenCall(
  { kind, name, nth, id, inbox }: Acted<'adopt' | 'take'>,
  { model }: Scene,
): Call {
  const holder = chosen(model.holders(name), nth);
  const key = ticketId(holder && !isPython(holder) ? holder.number : id);
  return adoptCall(model, key, identity(kind === 'take' ? id : freeNumber(model, id), inbox));
}

function chosen<T extends Ticket>(tickets: readonly T[], nth: number): T | undefined {
  return tickets[nth % tickets.length];
}
