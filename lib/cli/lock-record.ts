import type { HeldInfo, LockInfo, LockSnapshot, PendingInfo } from '../lock-info.js';

/** Who holds a name, as `--json` tells it. */
export interface HolderRecord {
  readonly owner: string;
  readonly mode: 'exclusive' | 'shared' | 'semaphore';
  readonly count: number;
  readonly permits: number;
  /** When it was granted, as ISO 8601. */
  readonly since: string;
  readonly fencingToken: number;
  /** Until the lease ends unless it is renewed. */
  readonly remainingMs: number;
  /** Its process may keep it between uses: perhaps nobody works under it now. */
  readonly lingers: boolean;
}

/** Who waits for a name. */
export interface WaiterRecord extends Omit<HolderRecord, 'fencingToken' | 'remainingMs' | 'lingers'> {
  /** Requests ahead, holders included. */
  readonly ahead: number;
}

/** One name, as `ls` and `inspect` tell it. */
export interface LockRecord extends Readonly<Record<string, unknown>> {
  readonly type: 'lock';
  readonly name: string;
  readonly held: readonly HolderRecord[];
  readonly waiting: readonly WaiterRecord[];
}

/** What is known of one name. */
export function lockRecord(name: string, { held, pending }: LockSnapshot): LockRecord {
  const ofName = (info: { readonly name: string }): boolean => info.name === name;
  return {
    type: 'lock',
    name,
    held: held.filter(ofName).map(holderRecord),
    waiting: pending.filter(ofName).map(waiterRecord),
  };
}

/** A record for each name, in the order of the names. */
export function lockRecords(snapshot: LockSnapshot): LockRecord[] {
  const names = new Set([...snapshot.held, ...snapshot.pending].map(({ name }) => name));
  return [...names].map((name) => lockRecord(name, snapshot));
}

function holderRecord(info: HeldInfo): HolderRecord {
  return {
    owner: info.owner,
    ...whatOf(info),
    since: info.since.toISOString(),
    fencingToken: info.fencingToken,
    remainingMs: Math.round(info.remaining),
    lingers: info.lingers,
  };
}

function waiterRecord(info: PendingInfo): WaiterRecord {
  return { owner: info.owner, ...whatOf(info), since: info.since.toISOString(), ahead: info.position };
}

function whatOf({ mode, count, permits }: LockInfo): Pick<HolderRecord, 'mode' | 'count' | 'permits'> {
  return { mode, count, permits };
}
