import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { LINK_TOKEN_PARAMETER, PAGE_TOKEN_HEADER } from './messages.js';

/** What is wrong with a request. */
export interface Refusal {
  readonly status: 401 | 403 | 413 | 415;
  readonly message: string;
}

export interface GuardOptions {
  /** The host that was asked to listen on, if it was: else the loopback alone. */
  readonly host: string | undefined;
  /** What links have to carry, if they have to. */
  readonly linkToken: string | undefined;
  /** What the page sends with a change. */
  readonly pageToken: string;
}

const MOST_BODY_BYTES = 4_096;
const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Who may ask this server for what. A browser runs the pages of strangers as well, on the same machine. So the host has
 * to be one of ours, because a stranger's name may lead here. Other origins are refused, and changes carry the page's
 * token.
 */
export class RequestGuard {
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** What is wrong with a request for anything. */
  refusal(request: IncomingMessage, query: URLSearchParams): Refusal | undefined {
    const { linkToken } = this.#options;
    if (!this.#isOurHost(request.headers.host)) {
      return { status: 403, message: 'this host is not the one that the live view was started for' };
    }
    const token = query.get(LINK_TOKEN_PARAMETER);
    if (linkToken !== undefined && (token === null || !isSameText(token, linkToken))) {
      return { status: 401, message: 'the link has to be the whole one that thingsdb-lock ui has printed' };
    }
    return undefined;
  }

  /** What else is wrong with a request for the events, or for a change: only our own page makes those. */
  refusalOfForeigner({ headers }: IncomingMessage): Refusal | undefined {
    const { origin, host, 'sec-fetch-site': site } = headers;
    const isForeign = origin !== undefined && origin !== `http://${host}`;
    if (!isForeign && (site === undefined || site === 'same-origin')) return undefined;
    return { status: 403, message: 'only the page of this live view may ask for this' };
  }

  /** What else is wrong with a request for a change. */
  refusalOfChange(request: IncomingMessage): Refusal | undefined {
    const { headers } = request;
    if (headers.origin === undefined) {
      return { status: 403, message: 'a change has to say which page it comes from' };
    }
    const token = headers[PAGE_TOKEN_HEADER];
    if (typeof token !== 'string' || !isSameText(token, this.#options.pageToken)) {
      return { status: 403, message: 'the page is not of this run of the live view: load it again' };
    }
    if (headers['content-type'] !== 'application/json') {
      return { status: 415, message: 'a change is application/json' };
    }
    if (!(Number(headers['content-length']) <= MOST_BODY_BYTES)) {
      return { status: 413, message: `a change is ${MOST_BODY_BYTES} bytes at most, and says how many` };
    }
    return undefined;
  }

  /** By its name: the port may be that of a tunnel which leads here. */
  #isOurHost(header: string | undefined): boolean {
    const [, name = ''] = /^(\[[0-9a-f:.]+\]|[^:]+)(?::\d+)?$/i.exec(header ?? '') ?? [];
    if (LOOPBACK_NAMES.includes(name.toLowerCase())) return true;
    const { host } = this.#options;
    if (host === undefined) return false;
    // A number is no name that a stranger could have led here.
    return name.toLowerCase() === host.toLowerCase() || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
  }
}

/** Takes as long whatever is different. */
function isSameText(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
