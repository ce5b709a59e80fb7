/** What the embedded server does not do it says, by name and with the reason: it is never taken for done. */
import { unsupportedFunctions } from '../../../lib/embedded/builtins/node/unsupported.js';
import { type Session, ThingsError } from '../../../lib/embedded/engine/engine.js';
import { createEngine } from '../../../lib/embedded/engine/thingsdb-engine.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

const session: Session = { push: () => undefined };
const engine = createEngine({ clock: new ManualClock() });

beforeAll(() => engine.authenticate(session, ['admin', 'pass']));
afterAll(() => engine.close());

function errorOf(scope: string, code: string): ThingsError {
  try {
    void engine.query(session, scope, code, {});
  } catch (error) {
    if (error instanceof ThingsError) return error;
    throw error;
  }
  throw new Error(`${code} was answered`);
}

it.each(unsupportedFunctions.map(({ name }) => name))('%s() is refused with its reason', (name) => {
  const { code, message } = errorOf('@thingsdb', `${name}();`);
  expect(code).toBe(-63);
  expect(message).toMatch(new RegExp(`^not supported by the embedded ThingsDB: ${name}\\(\\): \\w+ .{10,}`));
});
