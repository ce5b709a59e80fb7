import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LockConnectionError, LockError, LockOptionsError, LockPermissionError } from '../errors.js';
import { Changes, type Changer } from './changes.js';
import { LiveView } from './live-view.js';
import type { LockSource } from './lock-feed.js';
import { LINK_TOKEN_PARAMETER, type ChangeAnswer, type ChangeRequest } from './messages.js';
import { pageDocument, type PageDocument } from './page-document.js';
import { PageStream } from './page-stream.js';
import { RequestGuard, type Refusal } from './request-guard.js';

export interface UiServerOptions {
  readonly manager: LockSource & Changer;
  /** The built page. */
  readonly page: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Where to listen; by default on the loopback alone. With a host the link carries a token. */
  readonly host?: string | undefined;
  /** Whether leases can be ended from the page. Then the link carries a token too. */
  readonly allowsChanges: boolean;
  /** Where the locks are, for people. */
  readonly place: string;
}

const LOOPBACK = '127.0.0.1';
const TOKEN_BYTES = 24;
const MOST_PAGES = 32;
const MOST_CONNECTIONS = 256;

/** What addresses without a host are read against. */
const SELF = 'http://localhost';

const HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Serves the live view: its one page, the events that fill it, and the changes that it asks for. */
export class UiServer {
  readonly #options: UiServerOptions;
  readonly #guard: RequestGuard;
  readonly #document: PageDocument;
  readonly #linkToken: string | undefined;
  readonly #view: LiveView;
  readonly #changes: Changes;
  readonly #http: Server;

  constructor(options: UiServerOptions) {
    this.#options = options;
    const { manager, page, host, allowsChanges, place } = options;
    const pageToken = randomBytes(TOKEN_BYTES).toString('base64url');
    const isOpen = host === undefined && !allowsChanges;
    this.#linkToken = isOpen ? undefined : randomBytes(TOKEN_BYTES).toString('base64url');
    this.#guard = new RequestGuard({ host, linkToken: this.#linkToken, pageToken });
    this.#document = pageDocument(page, pageToken);
    this.#changes = new Changes(manager, (name) => this.#view.touch(name));
    const isOurs = (name: string): boolean => this.#changes.isOurs(name);
    this.#view = new LiveView(manager, { allowsChanges, place, isOurs });
    this.#http = createServer((request, response) => {
      this.#serve(request, response).catch((error: Error) => {
        // A mistake of this program: the others go on to look.
        process.emitWarning(error);
        if (!response.headersSent)
          answer(response, 500, 'a mistake of the live view: it has said more where it runs');
      });
    });
    this.#http.maxConnections = MOST_CONNECTIONS;
  }

  /** What is watched, and by how many pages. */
  get view(): Pick<LiveView, 'pages' | 'isWatching'> {
    return this.#view;
  }

  /** Resolves with the link to open. Rejects if it cannot listen there. */
  async listen(): Promise<string> {
    const { port, host = LOOPBACK } = this.#options;
    // Made first: a host that no link can name is not listened on.
    const url = new URL(`http://${host.includes(':') ? `[${host}]` : host}/`);
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, host, () => {
        this.#http.off('error', reject);
        resolve();
      });
    });
    url.port = String(this.#port);
    if (this.#linkToken !== undefined) url.searchParams.set(LINK_TOKEN_PARAMETER, this.#linkToken);
    return url.href;
  }

  /** Ends all pages, and stops to watch. */
  async close(): Promise<void> {
    this.#view.close();
    const closed = new Promise((resolve) => this.#http.close(resolve));
    this.#http.closeAllConnections();
    await closed;
  }

  get #port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const { url = '/' } = request;
    if (!URL.canParse(url, SELF)) return answer(response, 400, 'this is no address');
    const { pathname, searchParams } = new URL(url, SELF);
    const refusal = this.#guard.refusal(request, searchParams);
    if (refusal !== undefined) return refuse(response, refusal);
    switch (`${request.method} ${pathname}`) {
      case 'GET /':
      case 'HEAD /':
        return this.#sendPage(response);
      case 'GET /events':
        return this.#sendEvents(request, response);
      case 'POST /changes':
        return this.#change(request, response);
      default:
        return answer(response, 404, 'there is nothing here');
    }
  }

  #sendPage(response: ServerResponse): void {
    const { html, contentSecurityPolicy } = this.#document;
    response.setHeader('content-security-policy', contentSecurityPolicy);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(html);
  }

  #sendEvents(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#guard.refusalOfForeigner(request);
    if (refusal !== undefined) return refuse(response, refusal);
    if (this.#view.pages >= MOST_PAGES) return answer(response, 503, `${MOST_PAGES} pages are open already`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const page = new PageStream(response);
    response.once('close', () => this.#view.leave(page));
    this.#view.join(page);
  }

  async #change(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#guard.refusalOfForeigner(request) ?? this.#guard.refusalOfChange(request);
    if (refusal !== undefined) return refuse(response, refusal);
    if (!this.#options.allowsChanges) {
      return answer(response, 403, 'changes are not allowed: start thingsdb-lock ui with --allow-changes');
    }
    const change = changeIn(await bodyOf(request));
    if (change === undefined) return answer(response, 400, 'this is no change that can be made');
    const { status, result } = await this.#made(change);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(result));
  }

  async #made(change: ChangeRequest): Promise<{ status: number; result: ChangeAnswer }> {
    try {
      return { status: 200, result: await this.#changes.make(change) };
    } catch (error) {
      if (!(error instanceof LockError)) throw error;
      return { status: statusOf(error), result: { isDone: false, message: error.message } };
    }
  }
}

function statusOf(error: LockError): number {
  if (error instanceof LockOptionsError) return 400;
  if (error instanceof LockPermissionError) return 403;
  return error instanceof LockConnectionError ? 503 : 409;
}

function refuse(response: ServerResponse, { status, message }: Refusal): void {
  answer(response, status, message);
}

function answer(response: ServerResponse, status: number, message: string): void {
  // What the request still sends is not read.
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`${message}\n`);
}

/** How long it is was looked at before. `undefined` if it was cut off. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  try {
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  } catch {
    return undefined;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The change that is asked for, if it is one. Its name is checked by the manager. */
function changeIn(body: string | undefined): ChangeRequest | undefined {
  try {
    const { kind, name, seen } = JSON.parse(body ?? '') as Partial<ChangeRequest>;
    const isKind = kind === 'release' || kind === 'steal' || kind === 'ask';
    const isRead =
      isKind && typeof name === 'string' && Array.isArray(seen) && seen.every(Number.isSafeInteger);
    return isRead ? { kind, name, seen } : undefined;
  } catch {
    return undefined;
  }
}
