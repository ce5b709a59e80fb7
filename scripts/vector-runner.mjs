// Runs recorded cases ("vectors") against a server over its TCP or WebSocket port, whatever server it is.
//
// A file of vectors is a list of cases: {group, steps}. Each case has an empty collection of its own, called COLLECTION
// in what is sent and in what is recorded. A step is one of
//   {q, v?, s?, peer?}  a query with variables, in a scope, by a second client; answered by result or error
//   {run, args?}        a procedure; answered by result or error
//   {join}              an expression that gives a room's id; result is the answer to the join
//   {wait}              milliseconds in which nothing is asked
//   {on}                milliseconds to listen; events is what came since the last time, [[type, body], ...]
// `volatile` marks an answer that differs every time and is not compared.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { decode, encode } from '@msgpack/msgpack';
import { WebSocket } from 'ws';

const HEADER_BYTES = 8;
const Type = { data: 18, error: 19, auth: 33, query: 34, run: 37, join: 38 };
const SYNTAX_ERROR = -52;

/** A client that does just what the cases need. */
class Client {
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
    const bytes = encode(body);
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
    const body = data.length > HEADER_BYTES ? decode(data.subarray(HEADER_BYTES)) : null;
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

/** Where the server is and how to log in, from the environment (THINGSDB_URL, _USER, _PASSWORD, _TOKEN). */
export function serverFromEnvironment() {
  const { THINGSDB_URL: url, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN } = process.env;
  if (url === undefined) throw new Error('set THINGSDB_URL, for example thingsdb://127.0.0.1:9200');
  return { url, credentials: THINGSDB_TOKEN ?? [THINGSDB_USER ?? 'admin', THINGSDB_PASSWORD ?? 'pass'] };
}

/** Carries out one case; returns it with the answers of this server in place of those recorded. */
export async function runCase(server, { group, steps }) {
  const collection = `vectors_${randomBytes(6).toString('hex')}`;
  const client = await Client.connect(server);
  const peer = steps.some((step) => step.peer) ? await Client.connect(server) : undefined;
  const answered = [];
  try {
    await client.request(Type.query, ['@t', 'new_collection(name);', { name: collection }]);
    for (const step of steps) answered.push(await runStep({ client, peer, collection }, step));
    return { group, steps: answered };
  } finally {
    await client
      .request(Type.query, ['@t', 'del_collection(name);', { name: collection }])
      .catch(() => undefined);
    client.close();
    peer?.close();
  }
}

async function runStep({ client, peer, collection }, recorded) {
  const step = { ...recorded };
  for (const answer of ['result', 'error', 'events']) delete step[answer];
  const asked = rename(step, 'COLLECTION', collection);
  if (asked.wait !== undefined) {
    await sleep(asked.wait);
    return step;
  }
  if (asked.on !== undefined) {
    await sleep(asked.on);
    return { ...step, events: rename(plain(client.events.splice(0)), collection, 'COLLECTION') };
  }
  try {
    const result = await ask(asked.peer ? peer : client, asked, `//${collection}`);
    return step.volatile ? step : { ...step, result: rename(plain(result), collection, 'COLLECTION') };
  } catch (error) {
    if (typeof error?.error_code !== 'number') throw error;
    const { error_code: code, error_msg: msg } = rename(error, collection, 'COLLECTION');
    return { ...step, error: { code, msg } };
  }
}

async function ask(client, step, scope) {
  if (step.q !== undefined) return client.request(Type.query, [step.s ?? scope, step.q, step.v ?? {}]);
  if (step.run !== undefined) return client.request(Type.run, [step.s ?? scope, step.run, step.args ?? null]);
  if (step.join !== undefined) {
    const id = await client.request(Type.query, [scope, step.join, {}]);
    return client.request(Type.join, [scope, id]);
  }
  throw new Error(`a step that is not known: ${JSON.stringify(step)}`);
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
