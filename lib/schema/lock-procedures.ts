import { Buffer } from 'node:buffer';
import { pause } from '../async/pause.js';
import type { AnnouncedRuns } from '../client/announcing-client.js';
import { serverCode, ServerError } from '../client/server-error.js';
import { LockError, LockProtocolError } from '../errors.js';
import { answersOf, type Answers } from './answers.js';
import { Refusal, Told } from './constants.js';
import { makesChange, type BatchAnswer, type Operation, type RequestTerms } from './operations.js';
import { queueEntry, type QueueEntry } from './queue-entry.js';
import { listOf, numbers, roomId, unexpected, type RoomId } from './replies.js';

/** What a procedure has answered. */
export interface Reply {
  readonly value: unknown;
  /** When the copy of the call that this answers was sent, on the monotonic clock. */
  readonly sentMs: number;
  /** Whether the call was sent more than once: an earlier copy may have done what this one found done. */
  readonly wasRepeated: boolean;
}

/** What one call needs. */
export interface CallOptions {
  /** Whether a message in a room may tell what it asks for. The user then needs the right JOIN. */
  readonly needsJoin?: boolean | undefined;
}

/** Calls one procedure by name; rejects with a `LockError`, or a `ServerError` for a refusal by the procedure. */
export type RunProcedure = (procedure: string, args: unknown[], how?: CallOptions) => Promise<Reply>;

/** Who calls: the id of the inbox is the right to close it. */
export interface Identity {
  readonly inbox: string;
  readonly owner: string;
}

/** Those who hold or wait for a page of names. */
export interface QueuePage {
  readonly entries: readonly QueueEntry[];
  /** The name to go on after; `undefined` on the last page. */
  readonly next: string | undefined;
}

/** The procedures of the schema, typed: nothing else calls them. */
export class LockProcedures {
  readonly #run: RunProcedure;
  readonly #identity: Identity;

  constructor(run: RunProcedure, identity: Identity) {
    this.#run = run;
    this.#identity = identity;
  }

  /**
   * Decides all these operations in one change, in order, each by itself: an answer each.
   * @throws LockConnectionError, and LockProtocolError for an answer that cannot be read; what was done is not known then
   */
  batch(operations: readonly Operation[]): Promise<BatchAnswer> {
    const { inbox, owner } = this.#identity;
    const args = [null, inbox, owner, operations.map(encodedOperation)];
    return this.#answered(procedureFor(operations), args, operations, (error) => {
      if (!isRefusedFuture(error)) return refused(error);
      // With an argument more than those that are announced it cannot become a `lock_batch`, which was refused.
      return this.#answered(CHANGE, [...args, null], operations);
    });
  }

  /** Acquires before all who wait, and revokes the leases that are in the way. */
  steal(terms: RequestTerms): Promise<BatchAnswer> {
    const operation: Operation = { kind: 'acquire', terms };
    const { inbox, owner } = this.#identity;
    return this.#answered('lock_steal', [inbox, owner, encodedOperation(operation)], [operation]);
  }

  /**
   * Who holds and who waits: of one name, or of at most `count` names after `after`. A name with very many entries is
   * told in several calls. What is told of it is then not of one moment.
   */
  async query(name: string | null, after = '', count = 1): Promise<QueuePage> {
    const page = await this.#page(name, after, count);
    const entries = [...page.entries];
    for (let { told } = page; told > 0;) {
      const last = entries.at(-1)?.name ?? '';
      const more = await this.#page(last, '', 1, told);
      entries.push(...more.entries);
      const goesOn = more.told > told && more.entries.length > 0 && entries.length < MOST_ENTRIES;
      if (more.told !== 0 && !goesOn) throw unexpected([last, more.told]);
      told = more.told;
    }
    return { entries, next: page.next };
  }

  async #page(...args: PageArgs): Promise<QueuePage & { readonly told: number }> {
    const [, after] = args;
    const reply = await this.#value('lock_query', args);
    const [at, next, entries, more] = listOf(reply, 4);
    const [told = 0] = numbers([more]);
    if (!Array.isArray(entries) || typeof at !== 'number') throw unexpected(reply);
    if (next !== null && !(typeof next === 'string' && isAfter(next, after))) throw unexpected(reply);
    return { entries: entries.map((entry) => queueEntry(entry, at)), next: next ?? undefined, told };
  }

  /** Ends every lease on a name, whoever holds it; once, however often it is sent with this id. Resolves with how many. */
  forceRelease(name: string, id: string): Promise<number> {
    return this.#count('lock_force_release', [name, id]);
  }

  /** Asks those who hold a name to release it. Resolves with how many were asked. */
  requestRelease(name: string): Promise<number> {
    return this.#count('lock_ask', [name, this.#identity.owner]);
  }

  /**
   * Makes or keeps the rooms in which is told what happens to these names. Resolves with their ids; `undefined` for a
   * name that the server has no place for.
   */
  async watch(names: readonly string[]): Promise<(RoomId | undefined)[]> {
    return listOf(await this.#value('lock_watch', [names], MAY_BE_PUSHED), names.length).map(watchedRoom);
  }

  async isLocked(name: string): Promise<boolean> {
    return this.#flag('lock_locked', [name]);
  }

  /** Ends every request of this manager, and its inbox. */
  async close(): Promise<void> {
    // Bounded work a call.
    for (let calls = 1; await this.#flag('lock_close', [this.#identity.inbox]); calls++)
      if (calls > CLOSES_AT_ONCE) await pause(Math.min(MOST_PAUSE_MS, calls));
  }

  /** One promise on the way, as this is done for each call. */
  #answered(
    procedure: string,
    args: unknown[],
    operations: readonly Operation[],
    failed: (error: unknown) => Promise<BatchAnswer> | never = refused,
  ): Promise<BatchAnswer> {
    const how = operations.some(maybePushed) ? MAY_BE_PUSHED : undefined;
    return this.#run(procedure, args, how).then(({ value, sentMs, wasRepeated }) => {
      const receivedMs = performance.now();
      const { at, room, answers }: Answers = answersOf(value, operations);
      return { at, room, answers, sentMs, receivedMs, wasRepeated };
    }, failed);
  }

  async #count(procedure: string, args: unknown[]): Promise<number> {
    const [count = NaN] = numbers([await this.#value(procedure, args)]);
    return count;
  }

  async #flag(procedure: string, args: unknown[]): Promise<boolean> {
    const reply = await this.#value(procedure, args);
    if (typeof reply !== 'boolean') throw unexpected(reply);
    return reply;
  }

  async #value(procedure: string, args: unknown[], how?: CallOptions): Promise<unknown> {
    return (await this.#run(procedure, args, how).catch(refused)).value;
  }
}

type PageArgs = [name: string | null, after: string, count: number, told?: number];

/** More entries of one name than this are not believed. */
const MOST_ENTRIES = 1_000_000;

const MAY_BE_PUSHED: CallOptions = { needsJoin: true };
/** A manager has few requests when it closes. A server that says without end that there are more is asked ever later. */
const CLOSES_AT_ONCE = 20;
const MOST_PAUSE_MS = 500;
const BATCH = 'lock_batch';
const CHANGE = 'lock_change';

/** Both decide a batch. `lock_change` makes a change in any case, and saves the node the future that decides about it. */
export function procedureFor(operations: readonly Operation[]): string {
  return operations.some(makesChange) ? CHANGE : BATCH;
}

/** The announced call, arguments without effect for it, and the call whose place it can take. */
export function announcedBatch({ inbox, owner }: Identity): Omit<AnnouncedRuns, 'scope'> {
  return { procedure: BATCH, insteadOf: [CHANGE], idle: [inbox, owner, []] };
}

/**
 * Whether a node has refused the call because too many changes wait there. The limits are 255 futures of one closure
 * (-63), 2,000 of all (-57). Nothing was changed then. A change without a future has no such limit.
 */
function isRefusedFuture(error: unknown): boolean {
  const code = error instanceof LockError ? serverCode(error) : undefined;
  return code === -57 || code === -63;
}

/** Whether what becomes of it may be told in the inbox's room. */
function maybePushed({ kind }: Operation): boolean {
  return kind === 'acquire' || kind === 'try' || kind === 'adopt';
}

/** As the procedures take it. */
export function encodedOperation(operation: Operation): unknown[] {
  switch (operation.kind) {
    case 'acquire':
    case 'try': {
      const { id, number, names, ttlMs, units, limit, lingers } = operation.terms;
      const terms: unknown[] = [
        operation.kind,
        id,
        number,
        names.length === 1 ? names[0] : names,
        ttlMs,
        units,
        limit,
      ];
      if (lingers === true) terms.push(true);
      return terms;
    }
    case 'check':
      return ['check', operation.name, operation.id, operation.isSure];
    case 'release':
      if (operation.next !== undefined) return ['release', operation.name, operation.id, operation.next.id];
      return ['release', operation.name, operation.id];
    case 'acknowledge':
    case 'withdraw':
      return [operation.kind, operation.name, operation.id];
    case 'extend':
    case 'transfer':
      return [operation.kind, operation.name, operation.id, operation.ttlMs, operation.turn];
    case 'keep':
      return ['keep', operation.name, operation.id, operation.ms];
    case 'adopt':
      return ['adopt', operation.name, operation.id, operation.newId, operation.number];
  }
}

/** In the order of the pages, which is that of the names' bytes. */
function isAfter(next: string, after: string): boolean {
  return Buffer.compare(Buffer.from(next), Buffer.from(after)) > 0;
}

function watchedRoom(reply: unknown): RoomId | undefined {
  if (!Array.isArray(reply)) return roomId(reply);
  const [told, code] = numbers(listOf(reply, 2));
  if (told === Told.refused && code === Refusal.noPlace) return undefined;
  throw unexpected(reply);
}

/** A procedure refuses only what this version never sends. */
function refused(error: unknown): never {
  if (!(error instanceof ServerError)) throw error;
  throw new LockProtocolError(`the server refused a request of this library: ${error.message}`, {
    cause: error,
  });
}
