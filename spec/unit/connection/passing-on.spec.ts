import { PackageType } from '../../../lib/client/package-type.js';
import { NodeConnection } from '../../../lib/connection/node-connection.js';
import { PassingOn } from '../../../lib/connection/passing-on.js';
import { rest } from '../../support/fake-time.js';
import { stubClient } from '../../support/stub-client.js';

let left: NodeConnection[];
let areSlow: boolean;
/** What was asked of the node, and what it answers. */
let asked: string[];
let answer: () => Promise<unknown>;
let session: { current: NodeConnection | undefined; leave: (connection: NodeConnection) => void };
let passingOn: PassingOn;

beforeEach(() => {
  [left, asked, areSlow] = [[], [], true];
  session = { current: connectionOf(), leave: (connection) => left.push(connection) };
  passingOn = new PassingOn({ session, areSlow: () => areSlow });
});

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

it('asks a node that it has heard nothing of, and leaves it when it is away', async () => {
  answer = () => Promise.resolve({ status: 'AWAY_SOON' });
  passingOn.ask();
  await rest();
  expect(asked).toEqual(['@node node_info();']);
  expect(left).toEqual([session.current]);
});

it.each([[{ status: 'READY' }], [null], ['AWAY']])('stays when that is answered with %j', async (info) => {
  answer = () => Promise.resolve(info);
  passingOn.ask();
  await rest();
  expect(left).toEqual([]);
});

it('stays where it may not ask, and asks no more', async () => {
  answer = () => Promise.reject(new Error('no'));
  passingOn.ask();
  await rest();
  passingOn.ask();
  await rest();
  expect([asked.length, left.length]).toEqual([1, 0]);
});

it('an answer of a node that is not in use any more says nothing', async () => {
  answer = () => Promise.resolve({ status: 'AWAY' });
  passingOn.ask();
  session.current = connectionOf();
  await rest();
  expect(left).toEqual([]);
});

it('asks nobody while there is no connection', () => {
  session.current = undefined;
  passingOn.ask();
  tell('AWAY');
  expect([asked.length, left.length]).toEqual([0, 0]);
});
