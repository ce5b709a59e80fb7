import { ServerError } from '../../../lib/client/server-error.js';
import type { ThingsDBClient } from '../../../lib/client/thingsdb-client.js';
import { WebSocketClient } from '../../../lib/client/web-socket-client.js';
import { NodeConnection } from '../../../lib/connection/node-connection.js';
import {
  LockConnectionError,
  LockPermissionError,
  LockSetupError,
  type LockError,
} from '../../../lib/errors.js';
import { FakeServer } from '../../support/fake-server.js';
import { stubClient } from '../../support/stub-client.js';
import { rejection } from '../../support/until.js';

const over = (methods: Partial<ThingsDBClient>) => new NodeConnection(stubClient(methods));
const REASON = new LockConnectionError('it is over');

describe('what a client rejects with', () => {
  const rejecting = (reason: unknown) =>
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- clients reject with anything
    over({ run: () => Promise.reject(reason), auth: () => Promise.resolve() });

  it('becomes a typed error by its code, with the call and its cause', async () => {
    const error = await rejection(rejecting({ error_code: -54, error_msg: 'not found' }).run('//lock', 'f'));
    expect(error).toBeInstanceOf(LockSetupError);
    expect(error).toMatchObject({ cause: { error_code: -54 } });
    expect((error as Error).message).toContain('run f in //lock');
  });

  it('stays what it is when our own procedure refuses', async () => {
    const error = await rejection(rejecting({ error_code: -105, error_msg: 'no' }).run('//lock', 'f'));
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({ error_code: -105, error_msg: 'no' });
  });

  it('names the user who authenticated, when that one lacks a right, and not the password', async () => {
    const connection = rejecting({ error_code: -55, error_msg: 'missing' });
    await connection.authenticate({ username: 'worker', password: 'secret' });
    const error = await rejection(connection.run('//lock', 'f'));
    expect(error).toBeInstanceOf(LockPermissionError);
    expect((error as Error).message).toContain("grant('//lock', 'worker', RUN|CHANGE|JOIN);");
    expect((error as Error).message).not.toContain('secret');
  });

  it.each([
    ['an error of its own', new TypeError("Cannot read properties of undefined (reading 'send')")],
    ['an event', { type: 'error', message: 'connection refused' }],
    ['nothing at all', undefined],
  ])('becomes a LockConnectionError when it is %s', async (_what, reason) => {
    const error = await rejection(rejecting(reason).run('//lock', 'f'));
    expect(error).toBeInstanceOf(LockConnectionError);
    expect((error as Error).cause).toBe(reason);
  });

  it('is a rejection also when the client throws instead', async () => {
    const run = (): never => {
      throw new Error('not connected');
    };
    expect(await rejection(over({ run }).run('//lock', 'f'))).toBeInstanceOf(LockConnectionError);
  });
});

describe('a call', () => {
  it('comes through as it is, with the arguments that were given', async () => {
    const run = jest.fn(() => Promise.resolve([1, 'a']));
    const query = jest.fn(() => Promise.resolve(7));
    const connection = over({ run, query });
    expect(await connection.run('//lock', 'f', [1])).toEqual([1, 'a']);
    expect(await connection.query('//lock', 'x;', { x: 7 })).toBe(7);
    expect(run).toHaveBeenCalledWith('//lock', 'f', [1]);
    expect(query).toHaveBeenCalledWith('//lock', 'x;', { x: 7 });
  });

  it('is sent before this returns', () => {
    const run = jest.fn(() => Promise.resolve());
    void over({ run }).run('//lock', 'f');
    expect(run).toHaveBeenCalledTimes(1);
  });
});

describe('the end of a connection', () => {
  it('is told once, whichever side ended it, and pending calls have rejected by then', async () => {
    const server = await FakeServer.start();
    const connection = new NodeConnection(new WebSocketClient(server.url));
    await connection.connect();
    server.onRequest = () => undefined;
    const reasons: LockError[] = [];
    const ended = new Promise<void>((resolve) =>
      connection.listen({
        onEnd: (reason) => {
          reasons.push(reason);
          resolve();
        },
        onSilent: () => undefined,
        onStuck: () => undefined,
        onPush: () => undefined,
      }),
    );
    const pending = rejection(connection.run('//lock', 'f'));
    await server.received(1);
    server.connections[0]?.terminate();
    expect(await pending).toBeInstanceOf(LockConnectionError);
    await ended;
    await connection.close(REASON);
    expect(reasons).toHaveLength(1);
    expect(connection.endedBy).toBe(reasons[0]);
    await server.close();
  });

  it('that is made here rejects what is pending at once, with the reason, and what comes later', async () => {
    const connection = over({ disconnect: () => new Promise(() => undefined) });
    const pending = connection.run('//lock', 'f');
    connection.abandon(REASON);
    expect(await rejection(pending)).toBe(REASON);
    expect(await rejection(connection.run('//lock', 'f'))).toMatchObject({
      code: 'LOCK_CONNECTION',
      cause: REASON,
    });
  });

  it('is over although the client fails to close', async () => {
    await expect(
      over({ disconnect: () => Promise.reject(new Error('no')) }).close(REASON),
    ).resolves.toBeUndefined();
  });

  it('leaves the client of a caller open', async () => {
    const disconnect = jest.fn();
    const removeEventListener = jest.fn();
    const connection = over({ disconnect, removeEventListener });
    connection.detach(REASON);
    expect(await rejection(connection.run('//lock', 'f'))).toMatchObject({ cause: REASON });
    expect(disconnect).not.toHaveBeenCalled();
    expect(removeEventListener).toHaveBeenCalledTimes(1);
  });
});
