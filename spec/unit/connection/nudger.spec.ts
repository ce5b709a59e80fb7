import { Nudger } from '../../../lib/connection/nudger.js';
import { ServerError } from '../../../lib/client/server-error.js';
import { LockConnectionError, LockPermissionError, LockProtocolError } from '../../../lib/errors.js';
import type { RoomId } from '../../../lib/schema/replies.js';
import { FakeNodes, type FakeNode } from '../../support/fake-nodes.js';
import { pass, rest, resumeTime, stopTime } from '../../support/fake-time.js';

const ROOM = 7;
const OVER = new LockConnectionError('the spec is over');

let nodes: FakeNodes;
let nudger: Nudger;
let inUse: number | undefined;

beforeEach(() => stopTime());
afterEach(async () => {
  await nudger.close(OVER, 0);
  await pass(1);
  resumeTime();
});

function nudgerOf(count: number): void {
  nodes = new FakeNodes(count);
  inUse = 0;
  const send = (connection: FakeNode['connection'], room: RoomId): Promise<unknown> =>
    connection.run('//x', `nudge ${room}`);
  nudger = new Nudger({ nodes, inUse: () => inUse, send });
}

/** Nudges, over a connection that is opened when it is not there yet; the nudge has no answer yet. */
async function nudged(): Promise<FakeNode> {
  nudger.nudge(ROOM);
  await rest();
  nodes.last.open();
  await rest();
  return nodes.last;
}

/** The first nudge, of the second of three nodes, comes to nothing in this way. */
async function failed(fail: (node: FakeNode) => void): Promise<void> {
  nudgerOf(3);
  nudger.nudge(ROOM);
  await rest();
  fail(nodes.last);
  await rest();
  await rest();
}

async function answer(node: FakeNode): Promise<void> {
  node.runs.at(-1)?.answer(null);
  await rest();
}

it('asks the node after the one in use, over one connection, which keeps no process alive', async () => {
  nudgerOf(3);
  const node = await nudged();
  expect([node.index, node.runs.length, node.keepsAlive]).toEqual([1, 1, false]);
  await answer(node);
  nudger.nudge(ROOM);
  await rest();
  expect([node.runs.length, nodes.tried.length]).toEqual([2, 1]);
  await answer(node);
});

it('one nudge is under way at a time; all that are wanted meanwhile are one more', async () => {
  nudgerOf(3);
  const node = await nudged();
  for (let i = 0; i < 5; i++) nudger.nudge(ROOM);
  await rest();
  expect(node.runs).toHaveLength(1);
  await answer(node);
  expect(node.runs).toHaveLength(2);
  await answer(node);
  expect(node.runs).toHaveLength(2);
});

it('never asks the node in use: a new connection is opened when that changes', async () => {
  nudgerOf(2);
  const first = await nudged();
  await answer(first);
  inUse = 1;
  const second = await nudged();
  expect([second.index, second.runs.length, first.isClosed]).toEqual([0, 1, true]);
  await answer(second);
});

it('with one node alone there is nobody to ask', async () => {
  nudgerOf(1);
  nudger.nudge(ROOM);
  await rest();
  expect([nudger.isPossible, nodes.tried.length]).toEqual([false, 0]);
});

it.each<[string, (node: FakeNode) => void]>([
  ['cannot be connected to', (node) => node.refuse()],
  ['is none of ThingsDB', (node) => node.refuse(new LockProtocolError('HTTP'))],
  [
    'refuses the call',
    (node) => {
      node.open();
      void rest().then(() => node.runs[0]?.fail(new Error('no')));
    },
  ],
  [
    'goes away',
    (node) => {
      node.open();
      void rest().then(() => node.cut());
    },
  ],
])('after a node that %s nobody is nudged for 30 s, then the next node', async (_, fail) => {
  await failed(fail);
  expect([nudger.isPossible, nodes.last.isClosed]).toEqual([false, true]);
  nudger.nudge(ROOM);
  await pass(29_000);
  expect(nodes.tried).toHaveLength(1);
  await pass(1_001);
  const next = await nudged();
  expect(next.index).toBe(2);
  await answer(next);
});

it.each<[string, (node: FakeNode) => void]>([
  ['the user may not connect', (node) => node.refuse(new LockPermissionError('no'))],
  ['the user may not tell anything in rooms', (node) => void refuseCall(node, -55)],
])('where %s nobody is nudged for an hour', async (_, fail) => {
  await failed(fail);
  await pass(3_599_000);
  expect([nudger.isPossible, nodes.last.isClosed]).toEqual([false, true]);
  await pass(1_001);
  await answer(await nudged());
  expect(nodes.tried).toHaveLength(2);
});

it('a node that does not know the room yet may be behind: the next one is asked a second later', async () => {
  await failed((node) => void refuseCall(node, -54));
  await pass(999);
  expect(nudger.isPossible).toBe(false);
  await pass(1);
  const next = await nudged();
  expect(next.index).toBe(2);
  await answer(next);
});

it('has the node tell the room of the last answer, and nobody where there is none', async () => {
  nudgerOf(2);
  nudger.nudge(0);
  await rest();
  expect(nodes.tried).toHaveLength(0);
  const node = await nudged();
  nudger.nudge(8);
  await answer(node);
  expect(node.runs.map(({ procedure }) => procedure)).toEqual(['nudge 7', 'nudge 8']);
  await answer(node);
});

async function refuseCall(node: FakeNode, code: number): Promise<void> {
  node.open();
  await rest();
  node.runs[0]?.fail(new ServerError({ error_code: code, error_msg: 'no' }));
}

it('a connection that ended while nobody used it is opened anew', async () => {
  nudgerOf(3);
  const node = await nudged();
  await answer(node);
  node.cut();
  const next = await nudged();
  expect([next.index, next.runs.length]).toEqual([1, 1]);
  await answer(next);
});

it('closes a connection that nobody has used for a minute', async () => {
  nudgerOf(3);
  const node = await nudged();
  await answer(node);
  await pass(59_999);
  expect(node.isClosed).toBe(false);
  await pass(1);
  expect(node.isClosed).toBe(true);
});

it('closes with its manager, also while it connects', async () => {
  nudgerOf(3);
  nudger.nudge(ROOM);
  await rest();
  await nudger.close(OVER, 0);
  expect([nodes.last.isClosed, nudger.isPossible]).toEqual([true, false]);
  nodes.last.refuse();
  await rest();
  nudger.nudge(ROOM);
  await rest();
  expect(nodes.tried).toHaveLength(1);
});
