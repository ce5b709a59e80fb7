import { listOf, unexpected } from './replies.js';

/** One who holds or waits for a name, as the server tells it to anybody. */
export interface QueueEntry {
  readonly name: string;
  readonly isHeld: boolean;
  readonly want: number;
  readonly limit: number;
  readonly owner: string;
  /** When it was granted, or came into the queue, by the server's clock (milliseconds). */
  readonly sinceMs: number;
  /** What is left of the lease (milliseconds); 0 while waiting. */
  readonly leftMs: number;
  /** 0 while waiting. */
  readonly token: number;
  /** Requests ahead, holders included; 0 for a holder. */
  readonly ahead: number;
  /** Its process may keep the name between uses. */
  readonly lingers: boolean;
}

/** Reads `[name, held, want, limit, owner, since, due, token, ahead, lingers]`; `at` is when the server said so (microseconds). */
export function queueEntry(reply: unknown, at: number): QueueEntry {
  const [name, isHeld, want, limit, owner, since, due, token, ahead, lingers] = listOf(reply, 10);
  const counts = [want, limit, since, due, token, ahead];
  const isText = typeof name === 'string' && typeof owner === 'string';
  const areFlags = typeof isHeld === 'boolean' && typeof lingers === 'boolean';
  if (!isText || !areFlags || !counts.every(Number.isSafeInteger)) throw unexpected(reply);
  const [wantN = 0, limitN = 0, sinceUs = 0, dueUs = 0, tokenN = 0, aheadN = 0] = counts as number[];
  return {
    name,
    isHeld,
    want: wantN,
    limit: limitN,
    owner,
    sinceMs: sinceUs / 1000,
    leftMs: isHeld ? (dueUs - at) / 1000 : 0,
    token: tokenN,
    ahead: aheadN,
    lingers,
  };
}
