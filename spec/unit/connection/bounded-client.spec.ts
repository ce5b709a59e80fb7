import { LockConnectionError } from '../../../lib/errors.js';
import { BoundedClient } from '../../../lib/connection/bounded-client.js';
import type { ThingsDBClient } from '../../../lib/client/thingsdb-client.js';
import { never, stubClient } from '../../support/stub-client.js';
import { rejection } from '../../support/until.js';

const bounded = (methods: Partial<ThingsDBClient> = {}, limitMs = 1000) =>
  new BoundedClient(stubClient(methods), limitMs);

/** Each call, and how an error names it. */
const CALLS: [string, (client: ThingsDBClient) => Promise<unknown>][] = [
  ['connect', (client) => client.connect()],
  ['auth', (client) => client.auth('u', 'p')],
  ['auth', (client) => client.authToken('abc')],
  ['ping', (client) => client.ping()],
  ['query in //lock', (client) => client.query('//lock', '1;')],
  ['run lock_acquire in //lock', (client) => client.run('//lock', 'lock_acquire', [1])],
  ['join in //lock', (client) => client.join('//lock', 1)],
  ['leave in //lock', (client) => client.leave('//lock', 1)],
];

describe('a client of others that never answers', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it.each(CALLS)(
    '%s rejects when the time limit has passed, and says which call it was',
    async (name, send) => {
      const error = rejection(send(bounded()));
      jest.advanceTimersByTime(1100);
      expect(await error).toBeInstanceOf(LockConnectionError);
      expect(((await error) as Error).message).toBe(`${name} had no answer within 1000 ms`);
    },
  );

  it.each(CALLS)('%s rejects on disconnect(), and no timer is left', async (_name, send) => {
    const client = bounded({ disconnect: () => Promise.resolve() });
    const error = rejection(send(client));
    await client.disconnect();
    expect(await error).toBeInstanceOf(LockConnectionError);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('needs one timer for a thousand calls', async () => {
    const client = bounded({ disconnect: () => Promise.resolve() });
    const all = Array.from({ length: 1000 }, () => rejection(client.run('//lock', 'f')));
    expect(jest.getTimerCount()).toBe(1);
    await client.disconnect();
    await Promise.all(all);
  });

  it('disconnect() resolves although the client never closes', async () => {
    const closed = bounded({ disconnect: never }).disconnect();
    await jest.advanceTimersByTimeAsync(2001);
    await closed;
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['rejects', () => Promise.reject(new Error('not connected'))],
    [
      'throws',
      () => {
        throw new Error('not connected');
      },
    ],
  ])('disconnect() resolves although that of the client %s', async (_how, disconnect) => {
    await expect(bounded({ disconnect }).disconnect()).resolves.toBeUndefined();
  });
});

describe('a client of others that answers', () => {
  it('is heard when it tells of its connection, and can be told to keep the process alive', () => {
    const [onClose, keepAlive] = [jest.fn(() => () => undefined), jest.fn(() => () => undefined)];
    const client = new BoundedClient({ ...stubClient(), onClose, keepAlive, bytesRead: 7 }, 1000);
    const callback = (): void => undefined;
    client.onClose(callback);
    client.keepAlive();
    expect(onClose).toHaveBeenCalledWith(callback);
    expect(keepAlive).toHaveBeenCalledTimes(1);
    expect(client.bytesRead).toBe(7);
    // thingsdb.js has none of it.
    expect(() => bounded().keepAlive()()).not.toThrow();
    expect(() => bounded().onClose(callback)()).not.toThrow();
  });

  it('is passed through, with the arguments that were given', async () => {
    const run = jest.fn(() => Promise.resolve([1, 'a']));
    const query = jest.fn(() => Promise.resolve(7));
    const client = bounded({ run, query });
    expect(await client.run('//lock', 'f', [1])).toEqual([1, 'a']);
    expect(await client.query('//lock', 'x;', { x: 7 })).toBe(7);
    expect(run).toHaveBeenCalledWith('//lock', 'f', [1]);
    expect(query).toHaveBeenCalledWith('//lock', 'x;', { x: 7 });
  });

  it('rejects as it does, also when it throws instead', async () => {
    const body = { error_code: -54, error_msg: 'not found' };
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as thingsdb.js does
    expect(await rejection(bounded({ run: () => Promise.reject(body) }).run('//lock', 'f'))).toBe(body);
    const thrown = new Error('not connected');
    const ping = (): never => {
      throw thrown;
    };
    expect(await rejection(bounded({ ping }).ping())).toBe(thrown);
  });
});
