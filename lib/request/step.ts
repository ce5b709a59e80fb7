import { asking, start, waiting } from './getting.js';
import { ending, over } from './ending.js';
import { holding } from './holding.js';
import { lingering } from './lingering.js';
import type { Command } from './commands.js';
import type { Input, Now } from './inputs.js';
import { assertSound, type Request } from './request.js';
import type { State } from './states.js';

type Handle = (request: Request, input: Input, now: Now, out: Command[]) => void;

const HANDLERS: Readonly<Record<State, Handle>> = {
  asking,
  waiting,
  granted: holding,
  held: holding,
  lingering,
  doubted: holding,
  ending,
  over,
};

/**
 * Takes in one thing that has happened to a request. Gives, in order, the commands of what is to be done. Waits for
 * nothing, sends nothing and asks no clock; the same inputs give the same commands. Afterwards `wakeAtMs` and `askAtMs`
 * of the request say when it wants to be woken, and when to ask the server.
 */
export function step(request: Request, input: Input, now: Now): readonly Command[] {
  const out: Command[] = [];
  if (input.kind === 'answered' || input.kind === 'failed') request.hears(input);
  if (input.kind === 'start') start(request, now, out);
  else HANDLERS[request.state](request, input, now, out);
  assertSound(request);
  return out;
}
