import type { Command } from './commands.js';
import type { Input, Now } from './inputs.js';
import type { Request } from './request.js';

type Release = Extract<Input, { kind: 'release' }>;

/** Whether a lease that its caller gives back may stay with this process. In doubt it is released. */
export function mayLinger(request: Request, { mayLinger }: Release, now: Now): boolean {
  const { terms, state, time, isWanted, isAdrift } = request;
  if (terms.lingerMs === 0 || mayLinger !== true || state !== 'held' || time === undefined) return false;
  const { requestsOpen, endsOpen, sureChecksOpen, callersOpen } = request;
  const isUnsure = requestsOpen + endsOpen + sureChecksOpen + callersOpen > 0;
  // What `minHold` keeps is kept from this process too.
  return (
    !isWanted && !isAdrift && !isUnsure && time.keepMs(now) <= 0 && time.isLive(now) && time.isYoung(now)
  );
}

/** The caller has given the lease back; the server is not told. */
export function linger(request: Request, caller: number, now: Now, out: Command[]): void {
  request.lingerEndMs = now.ms + request.terms.lingerMs;
  request.move('lingering');
  out.push({ kind: 'tell', event: 'released' });
  out.push({ kind: 'settle', caller, outcome: { kind: 'released', wasHeld: true } });
}
