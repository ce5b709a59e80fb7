/**
 * Stores texts that share their parts, and then looks at each, which makes a copy of it. That is far more than this
 * process may use, which is started with little memory. Prints the codes of the errors, and what a query answers at the
 * end.
 */
import { type Session, ThingsError } from '../../lib/embedded/engine/engine.js';
import { createEngine } from '../../lib/embedded/engine/thingsdb-engine.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

const ROUNDS = 100;

const session: Session = { push: () => undefined };
const engine = createEngine({ clock: new ManualClock() });
engine.authenticate(session, ['admin', 'pass']);

const codes = new Set<number>();
function ask(code: string): unknown {
  try {
    return engine.query(session, '//stuff', code, {});
  } catch (error) {
    if (!(error instanceof ThingsError)) throw error;
    codes.add(error.code);
    return null;
  }
}

// 4 MiB, and copies of it that differ in the end.
ask('x = "a"; for (i in range(22)) { x += x; }; .x = x; .texts = []; nil;');
for (let round = 0; round < ROUNDS; round += 1) {
  ask('x = .x; .texts.extend(range(2).map(|i| x + str(i))); nil;');
  ask(`.texts[${round * 2}:].map(|text| text[0]); nil;`);
}
ask('.texts = nil;');
process.stdout.write(`${JSON.stringify({ codes: [...codes], answer: String(ask('.x.len();')) })}\n`);
