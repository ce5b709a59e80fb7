// Runs recorded cases ("vectors") against a server over its TCP or WebSocket port, whatever server it is.
//
// A file of vectors is a list of cases: {group, steps}. Each case has an empty collection of its own, called COLLECTION
// in what is sent and in what is recorded. A step is one of
//   {q, v?, s?, peer?}  a query with variables, in a scope, by a second client; answered by result or error
//                       (with as: true by the user called ACCOUNT, whom a step has to make, with the password ACCOUNT)
//   {run, args?}        a procedure; answered by result or error
//   {join}, {leave}     an expression that gives a room's id or name, or a list of them; result is the answer
//   {emit, event, args?, peers?} an emit by a client to the room whose id or name the expression gives
//   {request, raw}      a request of that type with that body, both as they are; COLLECTION has to be in no body
//   {wait}              milliseconds in which nothing is asked
//   {on}                milliseconds to listen; events is what came since the last time, [[type, body], ...]
// `raw` in place of v or args is MessagePack in hex, sent as it is: extensions, and what is cut off.
// `volatile` marks an answer that differs every time and is not compared.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { decode, encode, ExtData } from '@msgpack/msgpack';
import { WebSocket } from 'ws';

const HEADER_BYTES = 8;
export const Type = {
  data: 18,
  error: 19,
  auth: 33,
  query: 34,
  run: 37,
  join: 38,
  leave: 39,
  emit: 40,
  emitPeers: 41,
};
const SYNTAX_ERROR = -52;

/** A client that does just what the cases need. */
export class Client {
  #send;
  #destroy;
  #rest = Buffer.alloc(0);
  #nextId = 1;
  #pending = new Map();
  events = [];

  static async connect({ url, credentials }) {
    const client = new Client();
    await (url.startsWith('thingsdb:') ? client.#overTcp(url) : client.#overWebSocket(url));
    await client.request(Type.auth, credentials);
    return client;
  }

  async #overTcp(url) {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port || 9200), noDelay: true });
    socket.on('data', (data) => this.#take(data)).on('close', () => this.#closed());
    await once(socket, 'connect');
    this.#send = (bytes) => socket.write(bytes);
    this.#destroy = () => socket.destroy();
  }

  async #overWebSocket(url) {
    const ws = new WebSocket(url);
    ws.on('message', (data) => this.#take(data)).on('close', () => this.#closed());
    await once(ws, 'open');
    this.#send = (bytes) => ws.send(bytes);
    this.#destroy = () => ws.terminate();
  }

  #closed() {
    for (const { reject } of this.#pending.values()) reject(new Error('the connection was closed'));
  }

  /** Packages may come joined or in pieces. */
  #take(data) {
    this.#rest = Buffer.concat([this.#rest, data]);
    while (this.#rest.length >= HEADER_BYTES) {
      const length = HEADER_BYTES + this.#rest.readUInt32LE(0);
      if (this.#rest.length < length) return;
      this.#read(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
    }
  }

  /** Resolves to the answer; rejects with the server's `{error_code, error_msg}`. */
  request(type, body) {
    const id = this.#nextId++;
    const bytes = body instanceof Uint8Array ? body : encode(body);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(bytes.length, 0);
    header.writeUInt16LE(id, 4);
    header.writeUInt8(type, 6);
    header.writeUInt8(255 - type, 7);
    this.#send(Buffer.concat([header, bytes]));
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  close() {
    this.#destroy();
  }

  #read(data) {
    const id = data.readUInt16LE(4);
    const type = data.readUInt8(6);
    const body = data.length > HEADER_BYTES ? readBody(data.subarray(HEADER_BYTES)) : null;
    const pending = this.#pending.get(id);
    if (pending === undefined) {
      this.events.push([type, body]);
      return;
    }
    this.#pending.delete(id);
    if (type === Type.error) pending.reject(body);
    else pending.resolve(body);
  }
}

/** What cannot be read is shown as it came: a node passes on whatever it was given as packed data. */
function readBody(bytes) {
  try {
    return decode(bytes);
  } catch {
    return { unreadable: Buffer.from(bytes).toString('hex') };
  }
}

/** Where the server is and how to log in, from the environment (THINGSDB_URL, _USER, _PASSWORD, _TOKEN). */
export function serverFromEnvironment() {
  const { THINGSDB_URL: url, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN } = process.env;
  if (url === undefined) throw new Error('set THINGSDB_URL, for example thingsdb://127.0.0.1:9200');
  return { url, credentials: THINGSDB_TOKEN ?? [THINGSDB_USER ?? 'admin', THINGSDB_PASSWORD ?? 'pass'] };
}

/** Carries out one case; returns it with the answers of this server in place of those recorded. */
export async function runCase(server, { group, steps }) {
  const collection = `vectors_${randomBytes(6).toString('hex')}`;
  const user = `user_${collection}`;
  const clients = { own: await Client.connect(server) };
  const context = { server, clients, collection, user };
  const answered = [];
  try {
    await clients.own.request(Type.query, ['@t', 'new_collection(name);', { name: collection }]);
    for (const step of steps) answered.push(await runStep(context, step));
    return { group, steps: answered };
  } finally {
    const clean = 'del_collection(collection); try(del_user(user));';
    await clients.own.request(Type.query, ['@t', clean, { collection, user }]).catch(() => undefined);
    for (const client of Object.values(clients)) client.close();
  }
}

async function runStep(context, recorded) {
  const { collection, user } = context;
  const step = { ...recorded };
  for (const answer of ['result', 'error', 'events']) delete step[answer];
  const asked = rename(rename(step, 'COLLECTION', collection), 'ACCOUNT', user);
  const inHex = Buffer.from(collection).toString('hex');
  const shown = (value) =>
    rename(rename(rename(plain(value), user, 'ACCOUNT'), collection, 'COLLECTION'), inHex, 'COLLECTION');
  if (asked.wait !== undefined) {
    await sleep(asked.wait);
    return step;
  }
  const client = await clientOf(context, asked);
  if (asked.on !== undefined) {
    await sleep(asked.on);
    return { ...step, events: shown(client.events.splice(0)) };
  }
  try {
    const result = await ask(client, context, asked);
    return step.volatile ? step : { ...step, result: shown(result) };
  } catch (error) {
    if (typeof error?.error_code !== 'number') throw error;
    const { error_code: code, error_msg: msg } = shown(error);
    return { ...step, error: { code, msg } };
  }
}

/** The client of a step, connected when it is first needed. */
async function clientOf({ server, clients, user }, { peer, as }) {
  if (as) return (clients.user ??= await Client.connect({ ...server, credentials: [user, user] }));
  if (peer) return (clients.peer ??= await Client.connect(server));
  return clients.own;
}

async function ask(client, { clients, collection }, step) {
  const scope = step.s ?? `//${collection}`;
  const room = (code) => clients.own.request(Type.query, [scope, code, {}]);
  if (step.q !== undefined) return client.request(Type.query, withRaw([scope, step.q], step, step.v ?? {}));
  if (step.run !== undefined)
    return client.request(Type.run, withRaw([scope, step.run], step, step.args ?? null));
  if (step.join !== undefined) return client.request(Type.join, [scope, ...[await room(step.join)].flat()]);
  if (step.leave !== undefined)
    return client.request(Type.leave, [scope, ...[await room(step.leave)].flat()]);
  if (step.emit !== undefined) {
    const head = [scope, await room(step.emit), step.event];
    const type = step.peers ? Type.emitPeers : Type.emit;
    return client.request(
      type,
      step.raw === undefined ? [...head, ...(step.args ?? [])] : withRaw(head, step),
    );
  }
  if (step.request !== undefined) return client.request(step.request, Buffer.from(step.raw, 'hex'));
  throw new Error(`a step that is not known: ${JSON.stringify(step)}`);
}

/** A list of what goes before, and one thing more: MessagePack that is sent as it is, or a value. */
function withRaw(head, { raw }, value) {
  if (raw === undefined) return [...head, value];
  const before = head.map((item) => Buffer.from(encode(item)));
  return Buffer.concat([Buffer.from([0x90 | (head.length + 1)]), ...before, Buffer.from(raw, 'hex')]);
}

/** Carries out many cases, several at a time; `onCase(recorded, answered)` is called as each is done. */
export async function runCases(server, cases, onCase = () => undefined) {
  const answers = new Array(cases.length);
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < cases.length; at = next++) {
      answers[at] = await runCase(server, cases[at]);
      onCase(cases[at], answers[at]);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return answers;
}

/** Whether the answers are the recorded ones. Codes always count; messages do, but for those of syntax errors. */
export function agrees(recorded, answered) {
  return differences(recorded, answered).length === 0;
}

/** The steps that were answered otherwise than recorded. */
export function differences(recorded, answered) {
  return recorded.steps.flatMap((step, index) => {
    const other = answered.steps[index];
    return step.volatile || isDeepStrictEqual(comparable(step), comparable(other))
      ? []
      : [{ recorded: step, answered: other }];
  });
}

function comparable({ result, error, events }) {
  if (error === undefined) return { result, events };
  return { error: error.code === SYNTAX_ERROR ? error.code : error };
}

/** What JSON cannot hold gets a form that it can. */
function plain(value) {
  if (typeof value === 'number' && !Number.isFinite(value)) return `float:${value}`;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint8Array) return { type: 'Buffer', data: [...value] };
  if (value instanceof ExtData)
    return { extension: value.type, data: Buffer.from(value.data).toString('hex') };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

function rename(value, from, to) {
  return JSON.parse(JSON.stringify(value).replaceAll(from, to));
}

/** A file of vectors as text: one case a line, so that a change shows as a line. */
export function formatCases(cases) {
  return `[\n${cases.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`;
}
