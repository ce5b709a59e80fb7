import type { Arena } from './arena.js';
import type { Contestant } from './contestant.js';
import type { Feature } from './messages.js';

/** One thing that a client of these locks must do, or must not. */
export interface Check {
  /** A guarantee, in words. */
  readonly title: string;
  /** A client without one of these is not asked. */
  readonly needs: readonly Feature[];
  /** Only the embedded server can be frozen, and have its connections cut. */
  readonly needsFaults?: boolean;
  readonly processes: number;
  /** Rejects if the program does not do as the title says. Names that begin with `name` are used by no other check. */
  run(arena: Arena, contestants: readonly Contestant[], name: string): Promise<void>;
}

export type Verdict =
  | { readonly how: 'passed' }
  | { readonly how: 'skipped'; readonly why: string }
  | { readonly how: 'failed'; readonly error: unknown };

let runs = 0;

/** Runs one check; afterwards nothing may be left on the server. */
export async function judge(check: Check, arena: Arena): Promise<Verdict> {
  const contestants = await arena.contestants(check.processes);
  const missing = check.needs.filter((feature) => !contestants[0]?.features.has(feature));
  const why = missing.length > 0 ? `without ${missing.join(', ')}` : 'needs the embedded server';
  if (missing.length > 0 || (check.needsFaults === true && arena.embedded === undefined)) {
    await arena.giveBack(true);
    return { how: 'skipped', why };
  }
  const name = `check ${++runs};`;
  try {
    await check.run(arena, contestants, name);
    await arena.nothingLeft(name);
    await arena.giveBack(true);
    return { how: 'passed' };
  } catch (error) {
    arena.embedded?.faults.thaw();
    await arena.giveBack(false);
    return { how: 'failed', error };
  }
}
