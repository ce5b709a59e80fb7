import { Cli } from '../../support/cli.js';
import { inTime } from '../../support/in-time.js';
import { rejection } from '../../support/until.js';

/** Long enough for a promise that is settled already, and for nothing else. */
const SOON_MS = 20;

const never = new Promise<never>(() => undefined);
const node = (code: string): Cli => new Cli(process.execPath, ['-e', code], {});

test('what settles in time settles so; what does not is described by what is so at the limit', async () => {
  expect(await inTime(Promise.resolve(1), () => 'late', SOON_MS)).toBe(1);
  expect(await rejection(inTime(Promise.reject(new Error('its own')), () => 'late', SOON_MS))).toMatchObject({
    message: 'its own',
  });
  let so = 'before';
  const late = rejection(inTime(never, () => so, SOON_MS));
  so = 'by then';
  expect(await late).toMatchObject({ message: `after ${SOON_MS} ms: by then` });
});

test('a program that ends without what is waited for: it is told what it has written', async () => {
  const program = node('console.log("one thing"); console.error("a warning"); process.exitCode = 3');
  expect(String(await rejection(program.printed('another')))).toMatch(
    /ended with 3, "another" was not written[^]*one thing[^]*a warning/,
  );
  await program.printed('one thing');
  await program.complained('a warning');
  expect(await program.status).toBe(3);
});
