/** examples/beside-python: the two programs as a user would run them, beside each other. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { besideRealPython } from '../support/beside-python.js';
import { Program } from '../support/program.js';
import { untilQueued } from '../support/queue-length.js';
import { REPOSITORY } from '../support/run-node.js';

besideRealPython('examples/beside-python', (backEnd, python) => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'beside-python-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('a Python program and one in TypeScript take turns, and nobody writes the number of another', async () => {
    const diary = join(folder, 'diary.txt');
    const env = {
      ...process.env,
      ...python.env,
      THINGSDB_URL: backEnd.urls[0],
      THINGSDB_COLLECTION: backEnd.collection,
    };
    // Nobody begins before both are there.
    const lease = await backEnd.manager().get('diary').acquire();
    await using typescript = new Program('examples/beside-python/turns.ts', [diary], env);
    const running = promisify(execFile)('python3', ['examples/beside-python/turns.py', diary], {
      cwd: REPOSITORY,
      env,
      timeout: 20_000,
    });
    await untilQueued(backEnd, 'diary', 3);
    await lease.release();

    const { stdout, stderr } = await running;
    expect({ end: await typescript.ended, errors: typescript.errors, stderr }).toEqual({
      end: 0,
      errors: '',
      stderr: '',
    });
    const lines = (await readFile(diary, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => Number.parseInt(line))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const writers = lines.map((line) => line.split(' ')[1]);
    expect(new Set(writers)).toEqual(new Set(['Python', 'TypeScript']));
    // In turns: the other one waits already when one asks again.
    expect(writers.filter((writer, index) => writer === writers[index - 1])).toEqual([]);
    expect(stdout.trimEnd().split('\n')).toHaveLength(5);
    expect(typescript.lines).toHaveLength(5);
  });
});
