/** The programs of docs/guides/recipes.md, as a user would run them. That beside Python has a suite of its own. */
import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClientGoneError, hangUpSignal } from '../../examples/recipes/hang-up.js';
import { onEachBackEnd } from '../support/back-end.js';
import { Program } from '../support/program.js';
import { until } from '../support/until.js';

const LIMIT_MS = 60_000;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function post(url: string): Promise<Answer> {
  const response = await fetch(url, { method: 'POST' });
  return { status: response.status, body: await response.json() };
}

describe('hangUpSignal', () => {
  /** A response of a real server whose connection has closed already, by `end` of the server or of the client. */
  async function closedResponse(
    end: (response: ServerResponse, hangUp: () => void) => void,
  ): Promise<ServerResponse> {
    const server = createServer().listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const client = request({
        port: (server.address() as AddressInfo).port,
        host: '127.0.0.1',
        agent: false,
      });
      client.on('error', () => undefined).on('response', (answer) => answer.resume());
      client.end();
      const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
      const closed = once(response, 'close');
      end(response, () => client.destroy());
      await closed;
      return response;
    } finally {
      server.close();
    }
  }

  it('is aborted from the start when the client went before it was made', async () => {
    const signal = hangUpSignal(await closedResponse((_response, hangUp) => hangUp()));
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(ClientGoneError);
  });

  it('is not when the client has its answer', async () => {
    const signal = hangUpSignal(await closedResponse((response) => response.end('done')));
    expect(signal.aborted).toBe(false);
  });
});

onEachBackEnd('the recipes', (backEnd) => {
  const recipe = (name: string, env: Readonly<Record<string, string>> = {}, ...args: string[]): Program =>
    new Program(`examples/recipes/${name}.ts`, args, {
      THINGSDB_URL: backEnd.urls[0],
      THINGSDB_COLLECTION: backEnd.collection,
      ...env,
    });

  const started = async (name: string, workMs: number): Promise<{ program: Program; url: string }> => {
    const program = recipe(name, { PORT: '0', WORK_MS: String(workMs) });
    backEnd.atEnd(() => program[Symbol.asyncDispose]());
    const [, url = ''] = await program.printed(/listens on (\S+)/);
    return { program, url: `${url}/accounts/${name}/close` };
  };

  /** Both at the same time, as most of it is waiting. */
  const withBoth = (test: (name: string) => Promise<void>) => async (): Promise<void> => {
    await Promise.all(['express', 'fastify'].map(test));
  };

  it(
    'express and fastify: one at a time changes an account; who waits for too long is told 409, at the end 503',
    withBoth(async (name) => {
      const { program, url } = await started(name, 200);
      const locks = backEnd.manager({ owner: 'the secret one' });
      const answers = (await Promise.all([post(url), post(url)])).map(({ status, body }) => ({
        status,
        token: Number((body as { fencingToken: number }).fencingToken),
      }));
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(answers[0]?.token).not.toBe(answers[1]?.token);

      const lease = await locks.acquire(`account ${name}`);
      const refused = await post(url);
      expect(refused).toMatchObject({ status: 409, body: { code: 'LOCK_TIMEOUT' } });
      expect(JSON.stringify(refused)).not.toMatch(/secret|account/);

      const late = post(url);
      await until(async () => (await locks.query(`account ${name}`)).pending.length === 1);
      program.interrupt();
      expect(await late).toMatchObject({ status: 503, body: { code: 'LOCK_CLOSED' } });
      expect(await program.ended).toBe(0);
      expect(program.errors).toBe('');
      await lease.release();
    }),
    LIMIT_MS,
  );

  it(
    'express and fastify: a client that hangs up frees its place, and its work is not done',
    withBoth(async (name) => {
      const { program, url } = await started(name, 1);
      const locks = backEnd.manager();
      const account = `account ${name}`;
      const lease = await locks.acquire(account);
      const client = request(url, { method: 'POST' }).on('error', () => undefined);
      client.end();
      await until(async () => (await locks.query(account)).pending.length === 1);
      client.destroy();
      await program.printed(/the client has gone/);
      expect((await locks.query(account)).pending).toEqual([]);
      await lease.release();
      expect(await locks.isLocked(account)).toBe(false);
      expect(program.output).not.toContain('closing');
    }),
    LIMIT_MS,
  );

  it(
    'express and fastify answer 503 when there is no server',
    withBoth(async (name) => {
      const proxy = await backEnd.proxy();
      const { url: nobody } = proxy;
      await proxy.close();
      const program = recipe(name, { PORT: '0', THINGSDB_URL: nobody });
      // It would wait for a server, to withdraw what it has asked for.
      backEnd.atEnd(() => program.kill());
      const [, url = ''] = await program.printed(/listens on (\S+)/);
      expect(await post(`${url}/accounts/7/close`)).toMatchObject({
        status: 503,
        body: { error: 'try later' },
      });
    }),
    LIMIT_MS,
  );

  it(
    'nightly-job: of a fleet one machine does the work, also when another comes late',
    async () => {
      const fleet = [recipe('nightly-job'), recipe('nightly-job')];
      expect(await Promise.all(fleet.map(({ ended }) => ended))).toEqual([0, 0]);
      await using late = recipe('nightly-job');
      expect(await late.ended).toBe(0);
      const said = [...fleet, late].map(({ output, errors }) => output + errors).sort();
      expect(said).toEqual([
        'another machine does it\n',
        'another machine does it\n',
        'the report is written\n',
      ]);
      await backEnd.manager().forceRelease('nightly-report');
    },
    LIMIT_MS,
  );

  it(
    'leader: when it is killed the next one leads within its lease; when it is asked, or stops, at once',
    async () => {
      await using one = recipe('leader', {}, 'one');
      const [, first] = await one.printed(/one leads, with token (\d+)/);
      await using two = recipe('leader', {}, 'two');
      await two.printed(/two waits/);
      await using three = recipe('leader', {}, 'three');
      await three.printed(/three waits/);

      await one.kill();
      const killedMs = performance.now();
      const [, second] = await two.printed(/two leads, with token (\d+)/);
      // Its lease of two seconds, and what a busy machine adds.
      expect(backEnd.ranMs(killedMs)).toBeLessThan(2_000 + 1_000);

      const askedMs = performance.now();
      expect(await backEnd.manager().requestRelease('leader')).toBe(1);
      const [, third] = await three.printed(/three leads, with token (\d+)/);
      expect(backEnd.ranMs(askedMs)).toBeLessThan(2_000);

      const stoppedMs = performance.now();
      three.interrupt();
      const [, fourth] = await two.printed(/two leads no more[^]*two leads, with token (\d+)/);
      expect(backEnd.ranMs(stoppedMs)).toBeLessThan(2_000);
      expect(await three.ended).toBe(0);
      const tokens = [first, second, third, fourth].map(Number);
      expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
      two.interrupt();
      expect(await two.ended).toBe(0);
      expect([two, three].map(({ lines, errors }) => [lines.at(-1), errors])).toEqual([
        ['two leads no more', ''],
        ['three leads no more', ''],
      ]);
    },
    LIMIT_MS,
  );

  it(
    'worker-pool: of two processes together three tasks work at a time, and never more',
    async () => {
      const pools = [recipe('worker-pool', { TASKS: '4' }), recipe('worker-pool', { TASKS: '4' })];
      expect(await Promise.all(pools.map(({ ended }) => ended))).toEqual([0, 0]);
      const times = pools
        .flatMap(({ lines }) => lines)
        .map((line) => /^task \d (begins|ends) at (\d+)$/.exec(line))
        .map((match) => ({ step: match?.[1] === 'begins' ? 1 : -1, atMs: Number(match?.[2]) }));
      expect(times).toHaveLength(16);
      // Who ends in the same millisecond has ended before.
      times.sort((a, b) => a.atMs - b.atMs || a.step - b.step);
      let working = 0;
      const most = Math.max(...times.map(({ step }) => (working += step)));
      expect({ working, most }).toEqual({ working: 0, most: 3 });
    },
    LIMIT_MS,
  );

  it(
    'lambda: a call takes its lock and gives it back before it answers; one without time to wait is told 409',
    async () => {
      // As the platform does: the module is loaded once, and its handler called more than once.
      await using platform = new Program('spec/support/lambda-platform.ts', [], {
        THINGSDB_URL: backEnd.urls[0],
        THINGSDB_COLLECTION: backEnd.collection,
      });
      const locks = backEnd.manager();
      await platform.printed(/"statusCode":200,"body":"first is billed, with token \d+"/);
      expect(await locks.isLocked('customer first')).toBe(false);
      await using _lease = await locks.acquire('customer second');
      platform.interrupt();
      expect(await platform.ended).toBe(0);
      expect(platform.lines[1]).toBe('{"statusCode":409,"body":"busy: try again"}');
    },
    LIMIT_MS,
  );
});
