import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { createHash } from 'node:crypto';
import { LockConnectionError, LockPermissionError } from '../../../lib/index.js';
import { PAGE_TOKEN_HEADER, type SnapshotMessage } from '../../../lib/ui/messages.js';
import { UiServer, type UiServerOptions } from '../../../lib/ui/ui-server.js';
import { FakeLockSource, happening, held } from '../../support/fake-lock-source.js';
import { until } from '../../support/until.js';

const PAGE =
  '<meta name="page-token" content="%PAGE_TOKEN%"><style>a{}</style><script type="module">1;</script>';

let source: FakeLockSource;
const servers: UiServer[] = [];

beforeEach(() => {
  source = new FakeLockSource();
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** A server that listens, and the link that it gives. */
async function started(options: Partial<UiServerOptions> = {}): Promise<{ server: UiServer; link: URL }> {
  const server = new UiServer({
    ...{ manager: source.manager, page: PAGE, port: 0, allowsChanges: false, place: 'here' },
    ...options,
  });
  servers.push(server);
  return { server, link: new URL(await server.listen()) };
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

function send(link: URL, { method = 'GET', path, headers = {}, body }: Asked): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: link.hostname,
        port: link.port,
        method,
        path: path ?? link.pathname + link.search,
        headers,
        agent: false,
      },
      resolve,
    );
    asked.once('error', reject);
    asked.end(body);
  });
}

async function ask(link: URL, asked: Asked = {}): Promise<Reply> {
  const response = await send(link, asked);
  let text = '';
  for await (const part of response) text += String(part);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** The events to a page, as text so far. */
async function follow(link: URL): Promise<{ text: () => string; end: () => void }> {
  const response = await send(link, { path: `/events${link.search}` });
  expect(response.statusCode).toBe(200);
  let text = '';
  response.setEncoding('utf8').on('data', (part: string) => (text += part));
  response.on('error', () => undefined);
  return { text: () => text, end: () => response.destroy() };
}

function snapshotIn(text: string): SnapshotMessage {
  return JSON.parse(/^event: snapshot\ndata: (.*)$/m.exec(text)?.[1] ?? '{}') as SnapshotMessage;
}

describe('the page', () => {
  it('comes with a policy under which its own script and style run, and nothing else', async () => {
    const { link } = await started();
    const { status, headers, text } = await ask(link);
    expect(status).toBe(200);
    const hash = (content: string): string =>
      `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        `script-src ${hash('1;')}`,
        `style-src ${hash('a{}')}`,
        "frame-ancestors 'none'",
      ]) as string[],
    );
    expect(policy.join()).not.toContain('unsafe');
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(headers['set-cookie']).toBeUndefined();
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(text).not.toContain('%PAGE_TOKEN%');
  });

  it('is all that there is', async () => {
    const { link } = await started();
    expect((await ask(link, { path: '/package.json' })).status).toBe(404);
    expect((await ask(link, { path: '/../../etc/passwd' })).status).toBe(404);
    expect((await ask(link, { method: 'PUT' })).status).toBe(404);
    expect((await ask(link, { path: '//' })).status).toBe(400);
    expect((await ask(link, { method: 'HEAD' })).text).toBe('');
  });
});

describe('who may ask', () => {
  it.each([
    'evil.example',
    'evil.example:PORT',
    '127.0.0.1.evil.example:PORT',
    'localhost.evil.example:PORT',
    '192.168.0.9:PORT',
  ])('is nobody who was led here by the name %j', async (host) => {
    const { link } = await started();
    const headers = { host: host.replace('PORT', link.port) };
    expect((await ask(link, { headers })).status).toBe(403);
    expect((await ask(link, { path: '/events', headers })).status).toBe(403);
  });

  it.each(['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]'])('is who has come to %s', async (host) => {
    const { link } = await started();
    expect((await ask(link, { headers: { host: `${host}:${link.port}` } })).status).toBe(200);
  });

  it.each(['localhost:8080', '127.0.0.1'])('is who comes through a tunnel, as %s', async (host) => {
    const { link, server } = await started();
    const page = await send(link, { path: '/events', headers: { host, origin: `http://${host}` } });
    expect(page.statusCode).toBe(200);
    expect(server.view.pages).toBe(1);
    page.once('error', () => undefined).destroy();
    // Another port of this machine is another page.
    const foreign = { host, origin: 'http://localhost:3000' };
    expect((await ask(link, { path: '/events', headers: foreign })).status).toBe(403);
  });

  it('is nobody without the whole link where there is a host or changes are allowed', async () => {
    for (const options of [{ host: '127.0.0.1' }, { allowsChanges: true }]) {
      const { link } = await started(options);
      expect(link.searchParams.get('token')).toMatch(/^[\w-]{32}$/);
      for (const path of ['/', '/events', '/?token=', `/?token=${'x'.repeat(32)}`, '/nothing']) {
        expect((await ask(link, { path })).status).toBe(401);
      }
      expect((await ask(link)).status).toBe(200);
    }
    expect((await started()).link.search).toBe('');
  });

  it.each<Record<string, string>>([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('for the events is no page of a stranger: %j', async (headers) => {
    const { link, server } = await started();
    expect((await ask(link, { path: '/events', headers })).status).toBe(403);
    expect(server.view.isWatching).toBe(false);
  });
});

describe('the events', () => {
  it('begin with all that is known, go on with what is different, and say that it is live', async () => {
    source.held = [held('a', 'one', 1)];
    const { link } = await started();
    const page = await follow(link);
    await until(() => page.text().includes('"state":"live"'));
    expect(page.text()).toContain('"owner":"one"');
    source.tell(happening('acquired', 'b', 'two', { fencingToken: 2 }));
    await until(() => page.text().includes('"owner":"two"'));
    const second = await follow(link);
    await until(() => second.text().includes('event: snapshot'));
    expect(snapshotIn(second.text()).locks.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(snapshotIn(second.text()).events).toMatchObject([{ kind: 'acquired', name: 'b' }]);
  });

  it('are those of one watch, whatever the number of pages, and of none when nobody looks', async () => {
    const { link, server } = await started();
    expect(source.watches).toHaveLength(0);
    const pages = [await follow(link), await follow(link), await follow(link)];
    await until(() => pages.every((page) => page.text().includes('"state":"live"')));
    expect(source.watches).toHaveLength(1);
    expect(server.view.pages).toBe(3);
    for (const page of pages) page.end();
    await until(() => server.view.pages === 0);
    // A page that is loaded again goes on with the same watch.
    await follow(link);
    expect(source.watches).toHaveLength(1);
    await server.close();
    servers.splice(0);
    expect(source.open).toBe(0);
  });

  it('are for 32 pages at once, and for the next when one has gone', async () => {
    const { link, server } = await started();
    const pages = [];
    for (let i = 0; i < 32; i++) pages.push(await follow(link));
    expect((await ask(link, { path: '/events' })).status).toBe(503);
    pages[0]?.end();
    await until(() => server.view.pages === 31);
    await follow(link);
  });

  it('tell why nothing is live', async () => {
    source.failure = new LockConnectionError('no node has answered');
    const { link } = await started();
    const page = await follow(link);
    await until(() => page.text().includes('"state":"away"'));
    expect(page.text()).toContain('no node has answered');
  });
});

describe('a change', () => {
  async function pageTokenOf(link: URL): Promise<string> {
    return /content="([\w-]+)"/.exec((await ask(link)).text)?.[1] ?? '';
  }

  async function change(
    link: URL,
    body: unknown,
    headers: Record<string, string | undefined> = {},
  ): Promise<Reply> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const all: Record<string, string | undefined> = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      origin: link.origin,
      [PAGE_TOKEN_HEADER]: await pageTokenOf(link),
      ...headers,
    };
    const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return ask(link, {
      ...{ method: 'POST', path: `/changes${link.search}`, headers: Object.fromEntries(given), body: text },
    });
  }

  it('is made where it is allowed, and its answer is for people', async () => {
    const { link } = await started({ allowsChanges: true });
    const released = await change(link, { kind: 'release', name: 'a', seen: [1] });
    expect([released.status, JSON.parse(released.text)]).toEqual([
      200,
      { isDone: true, message: 'Taken from one holder.' },
    ]);
    const asked = await change(link, { kind: 'ask', name: 'a', seen: [1] });
    expect(JSON.parse(asked.text)).toEqual({ isDone: true, message: 'Asked 2 holders to release it.' });
    expect(source.changes).toEqual([
      ['forceRelease', 'a'],
      ['requestRelease', 'a'],
    ]);
  });

  it('that steals holds the lock, until it is released here', async () => {
    const { link } = await started({ allowsChanges: true });
    const page = await follow(link);
    await until(() => page.text().includes('"state":"live"'));
    source.tell(happening('acquired', 'a', 'one', { fencingToken: 1 }));
    expect((await change(link, { kind: 'steal', name: 'a', seen: [1] })).status).toBe(200);
    expect(source.changes).toEqual([['acquire', ['a', { steal: true, waitTimeout: 4_000 }]]]);
    await until(() => page.text().includes('"isOurs":true'));
    expect(JSON.parse((await change(link, { kind: 'steal', name: 'a', seen: [1] })).text)).toMatchObject({
      isDone: false,
    });
    expect(JSON.parse((await change(link, { kind: 'release', name: 'a', seen: [1] })).text)).toMatchObject({
      isDone: true,
    });
    expect(source.changes.slice(1)).toEqual([['release', 'a']]);
  });

  it('that steals what is lost at once does not say that this view has it', async () => {
    const { link } = await started({ allowsChanges: true });
    source.losesAtOnce = true;
    const stolen = await change(link, { kind: 'steal', name: 'a', seen: [1] });
    expect(JSON.parse(stolen.text)).toEqual({ isDone: false, message: 'Stolen, and lost again at once.' });
    source.losesAtOnce = false;
    const again = await change(link, { kind: 'steal', name: 'a', seen: [1] });
    expect(JSON.parse(again.text)).toMatchObject({ isDone: true });
  });

  it.each(['release', 'steal'])('to %s takes nothing from a holder that was not seen', async (kind) => {
    const { link } = await started({ allowsChanges: true });
    source.held = [held('a', 'two', 2)];
    const refused = await change(link, { kind, name: 'a', seen: [1] });
    expect(JSON.parse(refused.text)).toEqual({
      ...{ isDone: false, message: 'The holder has changed since this was opened: nothing was done.' },
    });
    expect(source.queries).toEqual(['a']);
    expect(source.changes).toEqual([]);
    const made = await change(link, { kind, name: 'a', seen: [2] });
    expect(JSON.parse(made.text)).toMatchObject({ isDone: true });
  });

  it('to more holders than are shown is made as long as one of those shown is left', async () => {
    const { link } = await started({ allowsChanges: true });
    const seen = Array.from({ length: 50 }, (_, i) => i + 1);
    source.held = [50, 51, 52].map((token) => held('a', 'x', token));
    const made = await change(link, { kind: 'release', name: 'a', seen });
    expect(JSON.parse(made.text)).toMatchObject({ isDone: true });
    source.held = [51, 52].map((token) => held('a', 'x', token));
    const refused = await change(link, { kind: 'release', name: 'a', seen });
    expect(JSON.parse(refused.text)).toMatchObject({ isDone: false });
  });

  it('is not made where it is not allowed', async () => {
    const { link } = await started();
    const { status, text } = await change(link, { kind: 'release', name: 'a', seen: [1] });
    expect(status).toBe(403);
    expect(text).toContain('--allow-changes');
    expect(source.changes).toEqual([]);
  });

  it.each<[number, Record<string, string | undefined>]>([
    [403, { origin: 'http://evil.example' }],
    [403, { origin: undefined }],
    [403, { origin: 'null' }],
    [403, { 'sec-fetch-site': 'cross-site' }],
    [403, { [PAGE_TOKEN_HEADER]: undefined }],
    [403, { [PAGE_TOKEN_HEADER]: 'x'.repeat(32) }],
    [415, { 'content-type': 'text/plain' }],
    [415, { 'content-type': 'application/x-www-form-urlencoded' }],
  ])('is refused with %i to whom no page of ours has sent: %j', async (status, headers) => {
    const { link } = await started({ allowsChanges: true });
    expect((await change(link, { kind: 'release', name: 'a', seen: [1] }, headers)).status).toBe(status);
    expect(source.changes).toEqual([]);
  });

  it.each([
    [400, 'not JSON'],
    [400, null],
    [400, { kind: 'close', name: 'a' }],
    [400, { kind: 'release' }],
    [400, { kind: 'release', name: ['a'], seen: [1] }],
    [400, { kind: 'release', name: 'a' }],
    [400, { kind: 'release', name: 'a', seen: [null] }],
    [413, { kind: 'release', name: 'a'.repeat(5_000), seen: [1] }],
  ])('that is none is refused with %i: %j', async (status, body) => {
    const { link } = await started({ allowsChanges: true });
    expect((await change(link, body)).status).toBe(status);
    expect(source.changes).toEqual([]);
  });

  it('that fails says why, and how it has failed', async () => {
    const { link } = await started({ allowsChanges: true });
    source.failure = new LockPermissionError('you may not');
    const refused = await change(link, { kind: 'release', name: 'a', seen: [1] });
    expect([refused.status, JSON.parse(refused.text)]).toEqual([
      403,
      { isDone: false, message: 'you may not' },
    ]);
    source.failure = new LockConnectionError('nobody there');
    expect((await change(link, { kind: 'ask', name: 'a', seen: [1] })).status).toBe(503);
  });
});

it('listens on the loopback alone, and says when the port is taken', async () => {
  const { link } = await started();
  expect(link.hostname).toBe('127.0.0.1');
  await expect(started({ port: Number(link.port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  servers.pop();
});

it('does not listen on a host that no link can name', async () => {
  // Had it tried to, the system would have refused: nothing has this address.
  await expect(started({ host: 'fe80::1%lo' })).rejects.toThrow('Invalid URL');
});
