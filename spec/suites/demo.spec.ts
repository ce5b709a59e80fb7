import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onEachBackEnd, type BackEnd } from '../support/back-end.js';
import { Program } from '../support/program.js';

const DEMO = 'examples/demo/main.ts';
const LIMIT_MS = 90_000;

/** Where the demo's processes put their notes. */
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'demo-spec-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** With no back end it starts the embedded server by itself, as a user's would. */
function demo(backEnd?: BackEnd, ...args: string[]): Program {
  return new Program(DEMO, args, {
    TMPDIR: directory,
    THINGSDB_URL: backEnd?.urls.join(','),
    THINGSDB_COLLECTION: backEnd?.collection,
  });
}

async function expectProof(program: Program): Promise<void> {
  expect({ end: await program.ended, errors: program.errors }).toEqual({ end: 0, errors: '' });
  const { lines } = program;
  // Five grants to each of the three that live, and three to the one that dies with the last.
  expect(lines.at(-1)).toBe('grants=18 overlaps=0 lost-updates=0');
  expect(lines.filter((line) => /^[ABCD] pid \d+ +│/.test(line))).toHaveLength(4);
  expect(lines.filter((line) => [...line].length > 100)).toEqual([]);
  expect(program.output).toMatch(/C was killed at .* while it held the lock/);
  expect(program.output).toMatch(/the server took the lock back and gave it to [ABD]/);
  expect(program.output).not.toContain('\x1b');
  // Nothing is left of what the processes noted.
  expect(readdirSync(directory).filter((name) => name.startsWith('thingsdb-lock-demo'))).toEqual([]);
}

describe('the demo, with a server of its own', () => {
  it(
    'shows four processes that take turns, one killed while holding, and proves that nothing was lost',
    async () => {
      await using program = demo();
      await expectProof(program);
    },
    LIMIT_MS,
  );

  it(
    'leaves no server behind when it is told to stop',
    async () => {
      await using program = demo();
      const [, port] = await program.printed(/thingsdb:\/\/127\.0\.0\.1:(\d+)/);
      program.interrupt();
      expect(await program.ended).toBe(1);
      expect(await canConnect(Number(port))).toBe(false);
    },
    LIMIT_MS,
  );
});

onEachBackEnd('the demo', (backEnd) => {
  it(
    'gives its proof on the server that THINGSDB_URL names',
    async () => {
      await using program = demo(backEnd);
      await expectProof(program);
    },
    LIMIT_MS,
  );
});

describe('the demo, without the lock', () => {
  it(
    'fails, as the same check then finds overlaps and lost updates',
    async () => {
      await using program = demo(undefined, '--without-lock');
      expect(await program.ended).toBe(1);
      const [, overlaps, lost] =
        /^grants=20 overlaps=(\d+) lost-updates=(\d+)$/.exec(program.lines.at(-1) ?? '') ?? [];
      expect(Number(overlaps)).toBeGreaterThan(0);
      expect(Number(lost)).toBeGreaterThan(0);
      // What the check saw is the truth: so much is missing from the file.
      const [, written, final] = await program.printed(
        /(\d+) updates were written, and the file holds (\d+)/,
      );
      expect(Number(lost)).toBe(Number(written) - Number(final));
    },
    LIMIT_MS,
  );
});

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
