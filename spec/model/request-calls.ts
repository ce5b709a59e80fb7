import { type Acted, IDS, inboxId, ownerOf, ticketId } from './actions.js';
import { always, type Call } from './call.js';
import type { How, LockModel } from './lock-model.js';
import type { Heir, Request, Ticket } from './lock-state.js';

export function requestCall(
  { kind, id, inbox, wish, ttlMs }: Acted<'acquire' | 'try' | 'steal' | 'clash'>,
  model: LockModel,
): Call {
  const number = kind === 'clash' ? id : freeNumber(model, id);
  const request = { ...identity(number, inbox), ...wish, ttlMs };
  return callOf(request, kind === 'acquire' || kind === 'clash' ? 'wait' : kind, model);
}

/** The same request once more: what came of it is found again. */
export function repeatCall(ticket: Ticket, how: How, model: LockModel): Call {
  const { names, want, limit, ttlUs, number, owner, inbox } = ticket;
  const key = ticketId(number);
  const request = { key, names, want, limit, ttlMs: ttlUs / 1000, number, owner, inbox: inbox ?? inboxId(0) };
  return callOf(request, how, model);
}

/** lock_adopt */
export function adoptCall(model: LockModel, key: string, heir: Heir): Call {
  return {
    procedure: 'lock_adopt',
    args: [key, heir.key, heir.number, heir.inbox, heir.owner],
    makesChange: always,
    says: (at) => model.adopt(at, key, heir),
  };
}

export function identity(number: number, inbox: number): Heir {
  return { key: ticketId(number), number, inbox: inboxId(inbox), owner: ownerOf(inbox) };
}

/** One that no ticket has, from `first` on. */
export function freeNumber(model: LockModel, first: number): number {
  const numbers = Array.from({ length: IDS }, (_, more) => (first + more) % IDS);
  return numbers.find((number) => !model.ticket(ticketId(number))) ?? first;
}

function callOf(request: Request, how: How, model: LockModel): Call {
  const { key, names, number, inbox, ttlMs, owner, want, limit } = request;
  const args = [names, key, number, inbox, ttlMs, owner, want, limit];
  const says = (at: number): unknown => model.request(at, request, how);
  if (how === 'try') {
    const makesChange = (at: number): boolean => !model.isRefused(request) && !model.isBusy(at, request);
    return { procedure: 'lock_try', args, makesChange, says };
  }
  const isSteal = how === 'steal';
  return {
    procedure: 'lock_acquire',
    args: [...args, isSteal],
    makesChange: always,
    says,
    ...(isSteal && { stealer: key }),
  };
}
