import { PackageType } from '../../../lib/client/package-type.js';
import { ServerError } from '../../../lib/client/server-error.js';
import { LockConnectionError } from '../../../lib/errors.js';
import { NodeConnection } from '../../../lib/connection/node-connection.js';
import { PassingOn } from '../../../lib/connection/passing-on.js';
import { rest, resumeTime, stopTime } from '../../support/fake-time.js';
import { stubClient } from '../../support/stub-client.js';

let left: NodeConnection[];
let areSlow: boolean;
/** What was asked of the node, and what it answers. */
let asked: string[];
let answer: () => Promise<unknown>;
let session: { current: NodeConnection | undefined; leave: (connection: NodeConnection) => void };
let passingOn: PassingOn;

beforeEach(() => {
  stopTime();
  [left, asked, areSlow] = [[], [], true];
  session = { current: connectionOf(), leave: (connection) => left.push(connection) };
  passingOn = new PassingOn({ session, areSlow: () => areSlow });
});

afterEach(() => resumeTime());

function connectionOf(): NodeConnection {
  const query = (scope: string, code: string): Promise<unknown> => {
    asked.push(`${scope} ${code}`);
    return answer();
  };
  return new NodeConnection(stubClient({ query }));
}

function tell(status: string, type: number = PackageType.nodeStatus): void {
  passingOn.pushed(type, { id: 0, status });
}

it.each(['AWAY_SOON', 'AWAY'])('leaves a node that says %s, where changes are slow', (status) => {
  tell(status);
  expect(left).toEqual([session.current]);
});

it('leaves it not where changes are quick, as with quickack', () => {
  areSlow = false;
  tell('AWAY_SOON');
  expect(left).toEqual([]);
});

it('leaves it not for any other status, nor for what else is pushed', () => {
  tell('READY');
  tell('SYNCHRONIZING');
  tell('AWAY_SOON', PackageType.roomEmit);
  passingOn.pushed(PackageType.nodeStatus, null);
  expect(left).toEqual([]);
});

it('remembers what it was told while changes were quick, until one is slow', () => {
  areSlow = false;
  tell('AWAY_SOON');
  passingOn.slow();
  expect(left).toEqual([session.current]);
});

it('leaves it not when it is ready again by then', () => {
  areSlow = false;
  tell('AWAY_SOON');
  tell('READY');
  passingOn.slow();
  expect(left).toEqual([]);
});

it('tries again after five seconds where that came to nothing, and at once at another node', () => {
  const first = session.current;
  tell('AWAY_SOON');
  tell('AWAY');
  passingOn.slow();
  jest.advanceTimersByTime(4_999);
  passingOn.slow();
  expect(left).toEqual([first]);
  jest.advanceTimersByTime(1);
  passingOn.slow();
  expect(left).toEqual([first, first]);
  session.current = connectionOf();
  tell('AWAY');
  expect(left).toEqual([first, first, session.current]);
});

it('asks a node that it has heard nothing of, once, and leaves it when it is away', async () => {
  answer = () => Promise.resolve({ status: 'AWAY_SOON' });
  for (let call = 0; call < 3; call++) passingOn.slow();
  await rest();
  expect(asked).toEqual(['@node node_info();']);
  expect(left).toEqual([session.current]);
});

it('asks each node that it comes to', async () => {
  answer = () => Promise.resolve({ status: 'READY' });
  for (let node = 0; node < 3; node++, session.current = connectionOf()) {
    passingOn.slow();
    await rest();
    passingOn.slow();
    await rest();
  }
  expect([asked.length, left.length]).toEqual([3, 0]);
});

it.each([[{ status: 'READY' }], [null], ['AWAY']])('stays when that is answered with %j', async (info) => {
  answer = () => Promise.resolve(info);
  passingOn.slow();
  await rest();
  passingOn.slow();
  expect(left).toEqual([]);
});

it.each<[string, Error, number]>([
  ['asks no more where it may not', new ServerError({ error_code: -55, error_msg: 'no' }), 1],
  ['asks the next node where one had no answer', new LockConnectionError('gone'), 2],
])('stays, and %s', async (_, error, times) => {
  answer = () => Promise.reject(error);
  passingOn.slow();
  await rest();
  session.current = connectionOf();
  passingOn.slow();
  await rest();
  expect([asked.length, left.length]).toEqual([times, 0]);
});

it('what a node has said meanwhile counts more than its answer', async () => {
  answer = () => Promise.resolve({ status: 'AWAY' });
  passingOn.slow();
  tell('READY');
  await rest();
  expect(left).toEqual([]);
});

it('an answer of a node that is not in use any more says nothing', async () => {
  answer = () => Promise.resolve({ status: 'AWAY' });
  passingOn.slow();
  session.current = connectionOf();
  await rest();
  passingOn.slow();
  expect(left).toEqual([]);
  await rest();
});

it('asks nobody while there is no connection', () => {
  session.current = undefined;
  passingOn.slow();
  tell('AWAY');
  expect([asked.length, left.length]).toEqual([0, 0]);
});
