import { NodeConnection } from '../../../lib/connection/node-connection.js';
import type { ThingsDBClient } from '../../../lib/client/thingsdb-client.js';
import {
  LockConnectionError,
  LockPermissionError,
  LockProtocolError,
  LockSetupError,
} from '../../../lib/errors.js';
import { Refusal, SCHEMA } from '../../../lib/schema/constants.js';
import { setUp } from '../../../lib/schema/setup.js';
import { outcome } from '../../support/outcome.js';
import { pass, stopTime } from '../../support/fake-time.js';

const LOOKUP = { error_code: -54, error_msg: 'not found' };
const FORBIDDEN = { error_code: -55, error_msg: 'forbidden' };
const NO_QUORUM = { error_code: -51, error_msg: 'no quorum' };

/** A ThingsDB of one collection, as far as the setup sees it; what is asked of it is recorded. */
class FakeThingsDB {
  readonly asked: string[] = [];
  hasCollection = true;
  versions: unknown = undefined;
  mayQuery = true;
  mayMake = true;
  /** How often a collection that was made is still not known. */
  lag = 0;
  onMake = (): void => {
    this.hasCollection = true;
  };
  onInstall = (): unknown => (this.versions = [SCHEMA, SCHEMA]);

  run(scope: string, procedure: string): Promise<unknown> {
    this.asked.push(`run ${scope} ${procedure}`);
    return this.hasCollection && this.versions !== undefined
      ? Promise.resolve(this.versions)
      : refused(LOOKUP);
  }

  query(scope: string, code: string, vars?: Record<string, unknown>): Promise<unknown> {
    if (scope === '@thingsdb') return this.#make(code, vars);
    this.asked.push(`install ${scope}`);
    if (!this.hasCollection || this.lag-- > 0) return refused(LOOKUP);
    if (!this.mayQuery) return refused(FORBIDDEN);
    return new Promise((resolve) => resolve(this.onInstall()));
  }

  #make(code: string, vars?: Record<string, unknown>): Promise<unknown> {
    this.asked.push(`make ${String(vars?.['name'])}`);
    expect(code).not.toContain('my_locks');
    if (!this.mayMake) return refused(FORBIDDEN);
    if (this.hasCollection) return refused(LOOKUP);
    this.onMake();
    return Promise.resolve(vars?.['name']);
  }
}

/** As thingsdb.js rejects. */
function refused(body: object): Promise<never> {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
  return Promise.reject(body);
}

let server: FakeThingsDB;
const setup = () => setUp(new NodeConnection(server as unknown as ThingsDBClient), 'my_locks');

async function failure(): Promise<Error> {
  const settled = await setup().then(
    () => 'resolved',
    (error: unknown) => error,
  );
  if (settled instanceof Error) return settled;
  throw new Error('setup has not failed');
}

beforeEach(() => {
  server = new FakeThingsDB();
});

describe('a collection that is set up', () => {
  it('costs one read', async () => {
    server.versions = [SCHEMA, SCHEMA];
    await setup();
    expect(server.asked).toEqual(['run //my_locks lock_schema']);
  });

  it('by a newer version that says it is compatible is used as it is', async () => {
    server.versions = [SCHEMA + 3, SCHEMA];
    await setup();
    expect(server.asked).toHaveLength(1);
  });

  it('by a newer version that is not compatible is refused with both numbers, and nothing is changed', async () => {
    server.versions = [907, 905];
    const error = await failure();
    expect(error).toBeInstanceOf(LockSetupError);
    expect(error.message).toContain('907');
    expect(error.message).toContain('905');
    expect(error.message).toMatch(new RegExp(`\\b${SCHEMA}\\b`));
    expect(error.message).toContain('"my_locks"');
    expect(server.asked).toHaveLength(1);
  });

  it('by an older version is installed again', async () => {
    server.versions = [SCHEMA - 1, 0];
    await setup();
    expect(server.asked).toEqual(['run //my_locks lock_schema', 'install //my_locks']);
  });

  it.each([
    ['no list', 'one'],
    ['no numbers', ['1', '1']],
    ['nil', null],
  ])('with %s for a version is a LockProtocolError', async (_what, versions) => {
    server.versions = versions;
    expect(await failure()).toBeInstanceOf(LockProtocolError);
  });
});

describe('a prefix', () => {
  const prefixed = () => setUp(new NodeConnection(server as unknown as ThingsDBClient), 'my_locks', 'jobs_');

  it('is that of the procedure that is asked whether there is anything to do', async () => {
    server.versions = [SCHEMA, SCHEMA];
    await prefixed();
    expect(server.asked).toEqual(['run //my_locks jobs_lock_schema']);
  });

  it('is that of what is installed', async () => {
    const query = jest.spyOn(server, 'query');
    await prefixed();
    expect(query.mock.calls[0]?.[1]).toContain("new_procedure('jobs_lock_batch'");
  });
});

describe('a collection that is not set up', () => {
  it('is set up in one query', async () => {
    await setup();
    expect(server.asked).toEqual(['run //my_locks lock_schema', 'install //my_locks']);
  });

  it('and is set up by a newer version meanwhile is refused when that is not compatible', async () => {
    server.onInstall = () => [907, 905];
    expect(await failure()).toBeInstanceOf(LockSetupError);
  });

  it('whose procedures have the names that the lock needs is refused with the words of the server', async () => {
    server.onInstall = () => {
      throw Object.assign(new Error('raised'), {
        error_code: Refusal.nameClash,
        error_msg: 'this collection has procedures of its own',
      });
    };
    const error = await failure();
    expect(error).toBeInstanceOf(LockSetupError);
    expect(error.message).toContain('procedures of its own');
    expect(error.cause).toMatchObject({ error_code: Refusal.nameClash });
  });

  it('and may not be, is a LockSetupError that says who can, with the right that was missing', async () => {
    server.mayQuery = false;
    const error = await failure();
    expect(error).toBeInstanceOf(LockSetupError);
    expect(error.message).toMatch(/administrator/);
    expect(error.message).toMatch(/setup\(\)/);
    expect(error.cause).toBeInstanceOf(LockPermissionError);
  });

  it('for want of a node that can, is a LockConnectionError: trying again may help', async () => {
    server.onInstall = () => {
      throw Object.assign(new Error('raised'), NO_QUORUM);
    };
    expect(await failure()).toBeInstanceOf(LockConnectionError);
  });
});

describe('a collection that does not exist', () => {
  beforeEach(() => {
    stopTime();
    server.hasCollection = false;
  });
  afterEach(() => jest.useRealTimers());

  const INSTALLED = [
    'run //my_locks lock_schema',
    'install //my_locks',
    'make my_locks',
    'install //my_locks',
  ];

  it('is made, and set up', async () => {
    await setup();
    expect(server.asked).toEqual(INSTALLED);
  });

  it('and is made by another process meanwhile is set up', async () => {
    server.onMake = () => {
      server.hasCollection = true;
      throw Object.assign(new Error('exists'), LOOKUP);
    };
    await setup();
    expect(server.asked).toEqual(INSTALLED);
  });

  it('and may not be made is a LockSetupError that says who can', async () => {
    server.mayMake = false;
    const error = await failure();
    expect(error).toBeInstanceOf(LockSetupError);
    expect(error.message).toMatch(/administrator/);
    expect(error.message).toContain('"my_locks"');
  });

  it('is set up as soon as the node has learnt of it', async () => {
    server.onMake = () => {
      server.hasCollection = true;
      server.lag = 5;
    };
    const done = setup();
    expect(await outcome(done)).toBe('pending');
    await pass(1000);
    await done;
    expect(server.asked.filter((request) => request === 'install //my_locks')).toHaveLength(7);
    expect(jest.getTimerCount()).toBeLessThanOrEqual(1);
  });

  it('and never appears is a LockSetupError that names it, within two seconds', async () => {
    server.onMake = () => undefined;
    const done = setup().catch((error: unknown) => error);
    await pass(2000);
    const error = await outcome(done);
    expect(error).toMatchObject({ value: { code: 'LOCK_SETUP' } });
    expect((error as { value: Error }).value.message).toContain('"my_locks"');
  });
});

it('a user who may not even run the procedures is told the right that is missing', async () => {
  jest.spyOn(server, 'run').mockImplementation(() => refused(FORBIDDEN));
  const error = await failure();
  expect(error).toBeInstanceOf(LockPermissionError);
  expect(error.message).toContain('grant(');
});
