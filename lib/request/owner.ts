import { NOBODY, type Command, type Outcome, type Send } from './commands.js';
import type { Input } from './inputs.js';

/** What the owner of a lease asks for; it waits for the outcome. */
export type ByOwner = Extract<Input, { readonly caller: number }>;

/**
 * There is no lease, or none any more, to do it with.
 * @param wasReleased whether the lease ended by a release: then a release is answered with `true`
 */
export function refuseOwner({ kind, caller }: ByOwner, wasReleased: boolean, out: Command[]): void {
  const outcome: Outcome =
    kind === 'release' ? { kind: 'released', wasHeld: wasReleased } : { kind: 'ended' };
  out.push({ kind: 'settle', caller, outcome });
}

/** Whoever waits for the answer to this call learns that the lease is over. */
export function settleEnded({ caller }: Send, out: Command[]): void {
  if (caller !== NOBODY) out.push({ kind: 'settle', caller, outcome: { kind: 'ended' } });
}
