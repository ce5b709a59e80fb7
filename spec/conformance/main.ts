/** `npm run conformance -- COMMAND`: docs/CONFORMANCE.md. */
import { Arena, type Place } from './arena.js';
import { judge, type Verdict } from './check.js';
import { CHECKS } from './checks/all-checks.js';

const USAGE = `npm run conformance -- COMMAND [ARGUMENT...]

Runs the program COMMAND as a client of the locks and says what it does right and wrong; see docs/CONFORMANCE.md.
Against an embedded ThingsDB, or the node at THINGSDB_URL (with THINGSDB_USER, THINGSDB_PASSWORD of an administrator).
ONLY=TEXT runs the checks whose titles hold the text.
`;

function placeOf(env: NodeJS.ProcessEnv): Place | undefined {
  const { THINGSDB_URL: url, THINGSDB_USER: user = 'admin', THINGSDB_PASSWORD: password = 'pass' } = env;
  return url === undefined ? undefined : { url, user, password };
}

function lineOf(title: string, verdict: Verdict, tookMs: number): string {
  if (verdict.how === 'passed') return `ok       ${title} (${Math.round(tookMs)} ms)`;
  if (verdict.how === 'skipped') return `skipped  ${title} (${verdict.why})`;
  return `FAILED   ${title}\n${String(verdict.error).replace(/^/gm, '           ')}`;
}

async function main(command: readonly string[]): Promise<number> {
  if (command.length === 0) {
    process.stderr.write(USAGE);
    return 64;
  }
  const counts = { passed: 0, skipped: 0, failed: 0 };
  await using arena = await Arena.open(command, placeOf(process.env));
  for (const check of CHECKS.filter(({ title }) => title.includes(process.env['ONLY'] ?? ''))) {
    const startedMs = performance.now();
    const verdict = await judge(check, arena);
    counts[verdict.how]++;
    process.stdout.write(`${lineOf(check.title, verdict, performance.now() - startedMs)}\n`);
  }
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  return counts.failed > 0 ? 1 : 0;
}

void main(process.argv.slice(2)).then((status) => (process.exitCode = status));
