import { onEachBackEnd, type BackEnd } from '../support/back-end.js';
import { Program } from '../support/program.js';

const LIMIT_MS = 60_000;

function example(backEnd: BackEnd, name: string, ...args: string[]): Program {
  return new Program(`examples/${name}.ts`, args, {
    THINGSDB_URL: backEnd.urls[0],
    THINGSDB_COLLECTION: backEnd.collection,
  });
}

async function expectSuccess(program: Program): Promise<void> {
  expect({ end: await program.ended, errors: program.errors }).toEqual({ end: 0, errors: '' });
}

onEachBackEnd('the examples', (backEnd) => {
  it(
    'my-lock: of programs in several terminals one is in there at a time',
    async () => {
      const lease = await backEnd.manager().get('my-lock').acquire();
      await using one = example(backEnd, 'my-lock', '1');
      await using two = example(backEnd, 'my-lock', '1');
      const programs = [one, two];
      await Promise.all(programs.map((program) => program.printed(/Somebody else is in there/)));
      expect(programs.map(({ lines }) => lines.length)).toEqual([1, 1]);
      await lease.release();
      await Promise.race(programs.map((program) => program.printed(/In here/)));
      expect(programs.filter(({ output }) => output.includes('In here'))).toHaveLength(1);
      for (const program of programs) {
        await expectSuccess(program);
        expect(program.lines).toEqual(['Somebody else is in there', 'In here', 'Done here']);
      }
    },
    LIMIT_MS,
  );

  it(
    'report-service: a service with the manager injected hears that it acquired, and that it took too long',
    async () => {
      await using program = example(backEnd, 'report-service');
      await expectSuccess(program);
      expect(program.lines).toEqual([
        expect.stringMatching(/^acquired with token \d+ after \d+ ms$/),
        'the report is written',
        expect.stringMatching(/^acquired with token \d+ after \d+ ms$/),
        'expired: somebody else may write the report now',
        'the report is not finished: lock "report" was lost: expired',
      ]);
    },
    LIMIT_MS,
  );

  it(
    'await-using: the lease ends with its block, also when the block throws',
    async () => {
      await using program = example(backEnd, 'await-using');
      await expectSuccess(program);
      expect(program.lines).toEqual([
        'in the block: the lock is held',
        'it failed (the shelf is gone): the lock is free',
      ]);
    },
    LIMIT_MS,
  );

  it(
    'thingsdb-js-client: says what to install when thingsdb.js is absent',
    async () => {
      await using program = new Program('examples/thingsdb-js-client.ts', [], {
        THINGSDB_URL: backEnd.urls[0],
        THINGSDB_JS: './no-such-file.js',
      });
      expect(await program.ended).toBe(1);
      expect(program.errors).toBe('thingsdb.js is not installed: npm install thingsdb.js\n');
    },
    LIMIT_MS,
  );

  withThingsDBJs('thingsdb-js-client: locks through thingsdb.js', async () => {
    await using program = example(backEnd, 'thingsdb-js-client');
    await expectSuccess(program);
    expect(program.lines).toEqual([expect.stringMatching(/^acquired with token \d+$/), 'released: true']);
  });
});

/** thingsdb.js is an optional peer that not every registry serves: where it is, `THINGSDB_JS` says. */
function withThingsDBJs(name: string, test: () => Promise<void>): void {
  if (process.env['THINGSDB_JS'] !== undefined) return it(name, test, LIMIT_MS);
  it.skip(`${name} (skipped: THINGSDB_JS does not name a built thingsdb.js)`, test);
}
