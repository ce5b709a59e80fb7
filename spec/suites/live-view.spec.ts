import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import type { LockSnapshot } from '../../lib/index.js';
import { lockLink } from '../../lib/ui/page/lock-link.js';
import { UiServer, type UiServerOptions } from '../../lib/ui/ui-server.js';
import { aborted } from '../support/aborted.js';
import { onEachBackEnd, type BackEnd } from '../support/back-end.js';
import { builtPage, noBrowser, startBrowser } from '../support/browser.js';
import { describeIf } from '../support/describe-if.js';
import { eventText } from '../support/event-text.js';
import { nextEvent, until } from '../support/until.js';

const LONG = { waitTimeout: 25_000 };

async function serve(
  backEnd: BackEnd,
  page: string,
  options: Partial<UiServerOptions> = {},
): Promise<{ url: string; server: UiServer }> {
  const manager = backEnd.manager({ owner: 'the view' });
  const server = new UiServer({
    ...{ manager, page, port: 0, allowsChanges: false, place: 'the test' },
    ...options,
  });
  backEnd.atEnd(() => server.close());
  return { url: await server.listen(), server };
}

onEachBackEnd('the events of the live view', (backEnd) => {
  test('hold no id that is a right: of no request, and of no inbox', async () => {
    const { url } = await serve(backEnd, '<meta>');
    const [holder, waiter] = [backEnd.manager({ owner: 'holder' }), backEnd.manager({ owner: 'waiter' })];
    const lease = await holder.acquire('one');
    const events = eventText(`${url}events`);
    await until(() => events.text().includes('"state":"live"'));
    const next = waiter.acquire('one', LONG);
    await until(() => events.text().includes('"waitingCount":1'));
    const ids = (await backEnd.query(`
      wse();
      s = .thingsdb_lock;
      ids = [];
      for (key, q in s.locks) {
        for (r in q.held) ids.push(r.id, r.inbox.id);
        for (r in q.waiting) ids.push(r.id, r.inbox.id);
      };
      ids;
    `)) as string[];
    await lease.release();
    await until(() => events.text().includes('"kind":"released"'));
    await (await next).release();
    expect(ids).toHaveLength(4);
    for (const id of ids) {
      expect(id.length).toBeGreaterThan(10);
      expect(events.text()).not.toContain(id);
    }
    events.end();
  });
});

let browser: Browser;
let built: string;

/** A name, who holds it, and how many wait. */
type Row = readonly [name: string, owner: string, waiting: string];

function rowsOf({ held, pending }: LockSnapshot): Row[] {
  const names = [...new Set([...held, ...pending].map(({ name }) => name))].sort();
  return names.map((name) => {
    const owners = held.filter((info) => info.name === name).map(({ owner }) => owner);
    const waiting = pending.filter((info) => info.name === name).length;
    const more = owners.length > 1 ? ` and ${owners.length - 1} more` : '';
    return [name, `${owners[0] ?? 'nobody'}${more}`, waiting === 0 ? '' : String(waiting)];
  });
}

/** What is needed of an element here, where there are none: this runs in the page. */
interface RowElement {
  getAttribute(name: string): string | null;
  querySelector(cell: string): { readonly textContent: string | null } | null;
}

async function rowsOn(page: Page): Promise<Row[]> {
  return page.locator('.rows [role="row"]').evaluateAll((rows) =>
    (rows as unknown as RowElement[])
      .map((row) => ({ row, index: Number(row.getAttribute('aria-rowindex')) }))
      .sort((one, other) => one.index - other.index)
      .map(({ row }): Row => {
        const text = (cell: string): string => row.querySelector(`.cell.${cell}`)?.textContent ?? '';
        return [text('name'), text('owner'), text('waiting')];
      }),
  );
}

async function shows(page: Page, expected: () => Promise<Row[]> | Row[]): Promise<void> {
  let [seen, wanted] = ['', ''];
  await until(
    async () => {
      wanted = JSON.stringify(await expected());
      seen = JSON.stringify(await rowsOn(page));
      return seen === wanted;
    },
    { describe: () => `the page shows ${seen}, and not ${wanted}` },
  );
}

describeIf('in Chromium', noBrowser, () => {
  beforeAll(async () => {
    built = builtPage();
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  onEachBackEnd('the live view', (backEnd) => {
    /** What the page has complained about: nothing may be. */
    let complaints: string[];
    beforeEach(() => {
      complaints = [];
    });
    afterEach(() => expect(complaints).toEqual([]));

    async function open(url: string, hash = ''): Promise<Page> {
      const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
      backEnd.atEnd(() => context.close());
      const page = await context.newPage();
      page.on('console', (message) => {
        if (message.type() !== 'log') complaints.push(message.text());
      });
      page.on('pageerror', ({ message }) => complaints.push(message));
      page.on('request', (request) => {
        if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(request.url());
      });
      await page.goto(url + hash);
      await page.locator('.connection.live').waitFor();
      return page;
    }

    const lockPage = async (url: string, name: string): Promise<Page> => {
      const page = await open(url, lockLink(name));
      await page.locator('main.lock').waitFor();
      return page;
    };

    test('shows what query() answers, while locks change', async () => {
      const { url } = await serve(backEnd, built);
      const managers = ['ann', 'bob', 'cid'].map((owner) => backEnd.manager({ owner }));
      const lease = await managers[0]!.acquire('before');
      const page = await open(url);
      const asked = async (): Promise<Row[]> => rowsOf(await managers[0]!.query({ limit: 1_000 }));
      await shows(page, asked);
      for (let round = 0; round < 4; round++) {
        const leases = managers.flatMap((manager, i) =>
          ['x', 'y', `own ${i}`, 'shared'].map((name) =>
            manager.acquire(name, { ...LONG, mode: name === 'shared' ? 'shared' : 'exclusive' }),
          ),
        );
        await until(async () => (await managers[0]!.query()).pending.length === 4);
        await shows(page, asked);
        // Whoever gets one lets go of it, until nobody waits any more.
        await Promise.all(leases.map(async (one) => (await one).release()));
        await shows(page, asked);
      }
      await lease.release();
      await page.getByText('No locks are held, and nobody waits.').waitFor();
    });

    test('finds names and owners, and shows no other rows', async () => {
      const { url } = await serve(backEnd, built);
      const [ann, bob] = ['ann', 'bob'].map((owner) => backEnd.manager({ owner }));
      const leases = [
        await ann!.acquire('report'),
        await ann!.acquire('bobsled'),
        await bob!.acquire('index'),
      ];
      const page = await open(url);
      const all: Row[] = [
        ['bobsled', 'ann', ''],
        ['index', 'bob', ''],
        ['report', 'ann', ''],
      ];
      await shows(page, () => all);
      const search = page.getByRole('searchbox');
      await search.pressSequentially('BOB');
      await shows(page, () => all.slice(0, 2));
      await search.fill('nothing of this');
      await shows(page, () => []);
      await search.fill('');
      await shows(page, () => all);
      await Promise.all(leases.map((lease) => lease.release()));
    });

    test('has a page for each lock: who holds it, the queue in its order, what happens', async () => {
      const { url } = await serve(backEnd, built);
      const [one, two, three] = ['one', 'two', 'three'].map((owner) => backEnd.manager({ owner }));
      const lease = await one!.acquire('a/b c?#');
      const second = two!.acquire('a/b c?#', LONG);
      await nextEvent(two!, 'waiting');
      const third = three!.acquire('a/b c?#', LONG);
      await nextEvent(three!, 'waiting');
      const page = await lockPage(url, 'a/b c?#');
      const table = (title: string) => page.getByRole('table', { name: title }).getByRole('row');
      await until(async () => (await table('Queue of 2').allInnerTexts()).length === 3);
      expect(await table('Held by').nth(1).innerText()).toMatch(/^one\s+exclusive\s+\d+s\s+(\d+s|1m)\s+\d+$/);
      expect(await table('Queue of 2').nth(1).innerText()).toMatch(/^1\s+two\s/);
      expect(await table('Queue of 2').nth(2).innerText()).toMatch(/^2\s+three\s/);
      await lease.release();
      await until(async () => /^two\s/.test(await table('Held by').nth(1).innerText()));
      await until(async () => (await table('Queue of 1').nth(1).innerText()).includes('three'));
      expect((await page.locator('.events li').allInnerTexts()).join('\n')).toMatch(
        /acquired by two, after a wait/,
      );
      await (await second).release();
      await (await third).release();
      await page.getByText('Nobody holds it.').waitFor();
    });

    test('shows any name as text, and as one that can be told from others', async () => {
      const names = [
        '<img src=x onerror="document.title=`owned`">',
        '</script><script>document.title="owned"</script>',
        'مفتاح التقارير',
        'a\u202egpj.exe',
        '鍵'.repeat(85),
        '%PAGE_TOKEN%',
      ];
      const { url } = await serve(backEnd, built);
      const manager = backEnd.manager({ owner: '<b>owner</b>\u0007' });
      const leases = await Promise.all(names.map((name) => manager.acquire(name)));
      const page = await open(url);
      await until(async () => (await rowsOn(page)).length === names.length);
      const shown = (await rowsOn(page)).map(([name]) => name);
      expect(shown).toEqual([...names].sort().map((name) => name.replace('\u202e', '\\u{202e}')));
      expect((await rowsOn(page))[0]?.[1]).toBe('<b>owner</b>\\u{7}');
      expect(await page.locator('img, b:has-text("owner"), script:has-text("owned")').count()).toBe(0);
      expect(await page.title()).toBe('Locks');
      // Nothing is pushed out of the page by a name.
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      await page.evaluate(`location.hash = '${lockLink(names[4] ?? '')}'`);
      await page.getByRole('heading', { level: 1, name: names[4] ?? '' }).waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      await Promise.all(leases.map((lease) => lease.release()));
    });

    test('by the keyboard alone: to a lock, and to its release, which wants the name', async () => {
      const { url } = await serve(backEnd, built, { allowsChanges: true });
      const manager = backEnd.manager({ owner: 'me' });
      const [first, second] = [await manager.acquire('first'), await manager.acquire('second')];
      const page = await open(url);
      await until(async () => (await rowsOn(page)).length === 2);
      const press = (key: string): Promise<void> => page.keyboard.press(key);
      const focused = (): Promise<string> =>
        page.evaluate<string>('document.activeElement.textContent || document.activeElement.id');
      const outline = (): Promise<string> =>
        page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
      const walked: string[] = [];
      for (let i = 0; i < 9; i++) {
        await press('Tab');
        expect(await outline()).not.toBe('none');
        walked.push(await focused());
      }
      expect(walked).toEqual([
        ...['thingsdb-lock', 'search', 'Name ▲', 'Held by', 'Mode', 'Held for', 'Lease left', 'Waiting'],
        'first',
      ]);
      await press('ArrowDown');
      await until(async () => (await focused()) === 'second');
      await press('Enter');
      await until(async () => (await page.locator('h1').innerText()) === 'second');
      expect(await focused()).toBe('second');
      await press('Tab');
      await press('Tab');
      expect(await focused()).toBe('Release…');
      await press('Enter');
      await page.getByRole('dialog', { name: 'Release: second' }).waitFor();
      await page.keyboard.type('secon');
      expect(await page.getByRole('button', { name: 'Release', exact: true }).isDisabled()).toBe(true);
      await press('Enter');
      expect((await manager.query('second')).held).toHaveLength(1);
      await page.keyboard.type('d');
      await press('Enter');
      await aborted(second.signal);
      expect(second.signal.reason).toMatchObject({ reason: 'force-released' });
      await page.getByText('Taken from one holder.').waitFor();
      expect(await page.getByRole('dialog').count()).toBe(0);
      // Who works by the keyboard goes on where the dialog was opened.
      expect(await focused()).toBe('Release…');
      await page.goBack();
      await until(async () => (await focused()) === 'first');
      expect(await first.release()).toBe(true);
    });

    test('steals, asks, and gives back what it has stolen', async () => {
      const { url } = await serve(backEnd, built, { allowsChanges: true });
      const manager = backEnd.manager({ owner: 'me' });
      const lease = await manager.acquire('taken');
      const page = await lockPage(url, 'taken');
      const change = async (title: string): Promise<void> => {
        await page.getByRole('button', { name: `${title}…` }).click();
        await page.getByLabel('Type the name').fill('taken');
        await page
          .getByRole('dialog')
          .getByRole('button', { name: title === 'Give it back' ? 'Release' : title })
          .click();
      };
      const asked = nextEvent(manager, 'releaseRequested');
      await change('Ask for it');
      expect(await asked).toMatchObject({ by: 'the view' });
      await page.getByText('Asked one holder to release it.').waitFor();
      await change('Steal');
      await page.getByText('Stolen: this view holds it').waitFor();
      await page.getByText('the view (this view)').waitFor();
      expect(lease.signal.reason).toMatchObject({ reason: 'stolen' });
      await change('Give it back');
      await page.getByText('Nobody holds it.').waitFor();
    });

    test('takes nothing from a holder who has come while the dialog was open', async () => {
      const { url } = await serve(backEnd, built, { allowsChanges: true });
      const manager = backEnd.manager({ owner: 'me' });
      const seen = await manager.acquire('moving');
      const page = await lockPage(url, 'moving');
      await page.getByRole('button', { name: 'Release…' }).click();
      await seen.release();
      const other = await manager.acquire('moving');
      await page.getByLabel('Type the name').fill('moving');
      await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click();
      await page.getByText('The holder has changed').waitFor();
      expect(await other.release()).toBe(true);
    });

    test('takes no change from a page of a stranger, also if that knows the link', async () => {
      const { url } = await serve(backEnd, built, { allowsChanges: true });
      const lease = await backEnd.manager().acquire('safe');
      const changes = url.replace('/?', '/changes?');
      const stranger = createServer((_, response) => {
        response.setHeader('content-type', 'text/html');
        response.end(`<title>stranger</title><form method="post" action="${changes}" enctype="text/plain">
          <input name='{"kind":"release","name":"safe","seen":[${lease.fencingToken}],"x":"' value='"}'></form>`);
      });
      await once(stranger.listen(0, '127.0.0.1'), 'listening');
      backEnd.atEnd(async () => {
        stranger.closeAllConnections();
        await new Promise((resolve) => stranger.close(resolve));
      });
      const context = await browser.newContext();
      backEnd.atEnd(() => context.close());
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`);
      const body = JSON.stringify({ kind: 'release', name: 'safe', seen: [lease.fencingToken] });
      const tried = await page.evaluate(
        async ({ to, body }) => {
          const outcome = (answer: Promise<unknown>): Promise<string> =>
            answer.then(
              () => 'answered',
              () => 'refused',
            );
          const headers = { 'content-type': 'application/json', 'x-thingsdb-lock-page': 'guess' };
          return Promise.all([
            outcome(fetch(to, { method: 'POST', headers, body })),
            outcome(fetch(to, { method: 'POST', mode: 'no-cors', body })),
            outcome(fetch(to.replace('/changes', '/')).then((response) => response.text())),
          ]);
        },
        { to: changes, body },
      );
      expect(tried).toEqual(['refused', 'refused', 'refused']);
      // A form is sent without asking first: the server refuses it.
      const posted = page.waitForNavigation();
      await page.evaluate('document.forms[0].submit()');
      expect((await posted)?.status()).toBe(403);
      expect(await lease.release()).toBe(true);
    });

    test('is not connected while it is hidden, and shows what is now when it is seen again', async () => {
      const { url, server } = await serve(backEnd, built);
      const manager = backEnd.manager({ owner: 'me' });
      const before = await manager.acquire('before');
      const page = await open(url);
      await shows(page, () => [['before', 'me', '']]);
      const hide = (isHidden: boolean): Promise<unknown> =>
        page.evaluate(`
          Object.defineProperty(document, 'hidden', { get: () => ${isHidden}, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
        `);
      await hide(true);
      await until(() => server.view.pages === 0);
      await before.release();
      const after = await manager.acquire('after');
      await hide(false);
      await page.locator('.connection.live').waitFor();
      await shows(page, () => [['after', 'me', '']]);
      expect(server.view.pages).toBe(1);
      await after.release();
    });

    test('says that ThingsDB is away, and what was not seen, once it is back', async () => {
      const proxy = await backEnd.proxy();
      const manager = backEnd.manager({ url: proxy.url });
      const { url } = await serve(backEnd, built, { manager });
      const lease = await backEnd.manager({ owner: 'me' }).acquire('kept');
      const page = await open(url);
      await shows(page, () => [['kept', 'me', '']]);
      proxy.refuse(true);
      proxy.cut();
      await page.getByText('ThingsDB is out of reach').waitFor();
      await shows(page, () => [['kept', 'me', '']]);
      await lease.release();
      proxy.refuse(false);
      await page.locator('.connection.live').waitFor();
      await page.getByText(/^Not seen: /).waitFor();
      await shows(page, () => []);
    });

    test('has a name for everything that can be used, and the roles of a table', async () => {
      const { url } = await serve(backEnd, built, { allowsChanges: true });
      const manager = backEnd.manager({ owner: 'me' });
      const leases = await Promise.all(['a', 'b'].map((name) => manager.acquire(name)));
      const page = await open(url);
      await until(async () => (await rowsOn(page)).length === 2);
      expect(await nodesWithoutName(page, ['main', 'heading', 'status', 'searchbox', 'table'])).toEqual([]);
      const list = await page.locator('.table').ariaSnapshot();
      expect(list).toContain('table "Locks"');
      expect(list).toContain('columnheader "Name"');
      expect(list).toMatch(/rowheader "a"/);
      expect(await page.locator('[aria-sort="ascending"]').innerText()).toContain('Name');
      expect(await page.locator('.table').getAttribute('aria-rowcount')).toBe('3');
      await page.evaluate(`location.hash = '${lockLink('a')}'`);
      await page.getByRole('button', { name: 'Release…' }).click();
      // Behind the dialog nothing can be reached.
      expect(await nodesWithoutName(page, ['dialog', 'heading', 'textbox'])).toEqual([]);
      await Promise.all(leases.map((lease) => lease.release()));
    });
  });
});

interface AxNode {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
}

/** What a screen reader would have no word for, beside what has to be there. */
async function nodesWithoutName(page: Page, needed: readonly string[]): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as { nodes: AxNode[] };
  const named = [
    'button',
    'link',
    'textbox',
    'searchbox',
    'image',
    'img',
    'table',
    'heading',
    'dialog',
    'columnheader',
  ];
  const shown = nodes.filter(({ ignored }) => !ignored);
  const roles = shown.map(({ role }) => role?.value ?? '');
  expect(roles).toEqual(expect.arrayContaining([...needed]) as string[]);
  return shown
    .filter(({ role, name }) => named.includes(role?.value ?? '') && (name?.value ?? '') === '')
    .map(({ role }) => role?.value ?? '');
}
