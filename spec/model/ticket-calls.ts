import { always, type Call, type Scene } from './call.js';
import type { LockModel } from './lock-model.js';

/** What a process asks of its tickets, by their ids. */

type Leases = readonly (readonly [key: string, ms: number])[];

export function checkCall(model: LockModel, keys: readonly string[], isSure = false): Call {
  return {
    procedure: 'lock_check',
    args: [keys, isSure],
    makesChange: (at) =>
      isSure ||
      model.isStale(
        at,
        keys.flatMap((key) => model.ticket(key)?.names ?? []),
      ),
    says: (at) => model.check(at, keys, isSure),
  };
}

/** Grants that were pushed and wait for an answer, of one inbox or of all. */
export function unanswered(model: LockModel, ttlMs: number, inbox?: string): [key: string, ttlMs: number][] {
  return model
    .tickets()
    .filter((ticket) => ticket.lease?.isClaimed === false && ticket.inbox === (inbox ?? ticket.inbox))
    .map(({ key }) => [key, ttlMs]);
}

export function extendCall(model: LockModel, leases: Leases): Call {
  return {
    procedure: 'lock_extend',
    args: [leases],
    makesChange: always,
    says: (at) => model.extend(at, leases),
  };
}

export function handOnCall(model: LockModel, leases: Leases): Call {
  return {
    procedure: 'lock_hand_on',
    args: [leases],
    makesChange: always,
    says: (at) => model.handOn(at, leases),
  };
}

export function keepCall(model: LockModel, leases: Leases): Call {
  return {
    procedure: 'lock_keep',
    args: [leases],
    makesChange: always,
    says: (at) => model.keep(at, leases),
  };
}

export function releaseCall(model: LockModel, keys: readonly string[]): Call {
  return {
    procedure: 'lock_release',
    args: [keys],
    makesChange: always,
    says: (at) => model.release(at, keys),
  };
}

export function withdrawCall(model: LockModel, keys: readonly string[]): Call {
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
