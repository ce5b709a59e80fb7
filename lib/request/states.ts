/**
 * What a request can be, and become. The server knows the same states (docs/PROTOCOL.md), but for those that only one
 * side can know. `asking`, `lingering` and `doubted` are the client's. Silent and in transit are the server's.
 *
 * - `asking`: sent, not answered.
 * - `waiting`: in the queue.
 * - `granted`: pushed; it ends soon unless the server hears of us. The caller may be working already.
 * - `held`: confirmed by the server.
 * - `lingering`: given back by its caller, and kept. This process may take it again without the server, until it is
 *   wanted.
 * - `doubted`: not held until the server confirms it. The machine may have slept through the lease. Or the lease is
 *   over by what was read, and an unread answer may say otherwise.
 * - `ending`: given up by us; the server has not said so.
 * - `over`: nothing more is sent for it, unless a release without an answer is tried again.
 */
export type State = 'asking' | 'waiting' | 'granted' | 'held' | 'lingering' | 'doubted' | 'ending' | 'over';

/** From each state, the states that may follow. */
export const MOVES: Readonly<Record<State, readonly State[]>> = {
  asking: ['waiting', 'granted', 'held', 'ending', 'over'],
  waiting: ['asking', 'granted', 'held', 'ending', 'over'],
  // Back to waiting: the grant came too late, and nobody had entered by it.
  granted: ['waiting', 'held', 'doubted', 'ending', 'over'],
  held: ['lingering', 'doubted', 'ending', 'over'],
  lingering: ['held', 'ending', 'over'],
  doubted: ['held', 'ending', 'over'],
  ending: ['over'],
  over: ['ending'],
};

/** The states in which somebody has the lease. */
export const HOLDING: readonly State[] = ['granted', 'held', 'doubted'];

/** How a request ends: by what its owner asked for. */
export type Ending = 'release' | 'keep' | 'withdraw';

/** Why it is over. */
export type Why =
  | 'not-granted'
  | 'released'
  | 'transferred'
  | 'lost'
  | 'closed'
  /** No answer to its release came: that may be tried again. */
  | 'unanswered';
