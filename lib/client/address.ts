import { domainToASCII } from 'node:url';
import { LockOptionsError } from '../errors.js';

const SCHEMES = ['thingsdb:', 'ws:', 'wss:'] as const;

/** How a node is reached: `thingsdb:` is its TCP port, `ws:` its WebSocket port, `wss:` that behind TLS. */
export type Scheme = (typeof SCHEMES)[number];

/** Where a node is, checked. */
export interface Address {
  readonly scheme: Scheme;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** For messages: scheme, host and port, never a user, a password, a path or a query. */
  readonly shown: string;
  /** As it was given, without a fragment; only for whoever opens the connection. */
  readonly url: URL;
}

const DEFAULT_PORTS: Readonly<Record<Scheme, number>> = { 'thingsdb:': 9200, 'ws:': 80, 'wss:': 443 };
/** Several in one text, as other programs take them. Where there is an @, the comma may be a password's. */
const SEVERAL = /^[^@/]*\/\/[^@/]*,[^@]*$/;
const FAMILIAR_SCHEME = /^(?:https?|wss?|tcp|tls|thingsdbs?):\/\//i;
const EXPECTED = 'use thingsdb://host, thingsdb://host:port, ws://host:port or wss://host:port';

/**
 * Reads the address of a node. The error never repeats what was given, since that may hold a password.
 *
 * @throws LockOptionsError if it is not the address of a node, or holds what its scheme cannot use
 */
export function parseAddress(text: string): Address {
  if (SEVERAL.test(text)) throw new LockOptionsError('several addresses go into a list, one text for each');
  const url = parsedUrl(text);
  if (url === undefined) throw notAnAddress(text);
  const scheme = SCHEMES.find((known) => known === url.protocol);
  if (scheme === undefined) throw notAnAddress(text, url);
  const host = hostOf(url);
  if (host === undefined) throw notAnAddress(text);
  const port = url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port);
  const isLeftOut = url.port === '' && scheme !== 'thingsdb:';
  const shown = `${scheme}//${host}${isLeftOut ? '' : `:${port}`}`;
  if (port === 0) throw new LockOptionsError(`${shown} has no port that could be connected to`);
  checkNobody(url, shown);
  if (scheme === 'thingsdb:') checkNothingBut(url, shown);
  return { scheme, host: host.replace(/^\[(.*)\]$/, '$1'), port, shown, url };
}

/** As WebSockets look it up: URLs of a scheme that is not the web's keep what is not ASCII percent-encoded. */
function hostOf({ protocol, hostname }: URL): string | undefined {
  if (protocol !== 'thingsdb:' || hostname.startsWith('[')) return hostname;
  try {
    const name = decodeURIComponent(hostname);
    return (/[/?#@:\\]/.test(name) ? '' : domainToASCII(name)) || undefined;
  } catch {
    return undefined;
  }
}

/** Credentials in an address get into logs, and no kind of connection has a use for them. */
function checkNobody({ username, password }: URL, shown: string): void {
  if (username === '' && password === '') return;
  throw new LockOptionsError(
    `${shown} is given with a user or password in the address; give those as auth: { username, password }`,
  );
}

/** `undefined` for what is no URL, or one whose parts may be pieces of a password. */
function parsedUrl(text: unknown): URL | undefined {
  const url = typeof text === 'string' ? readUrl(text) : undefined;
  if (url === undefined) return undefined;
  // A password with / ? or # in it is cut there. Host and port are then a piece of it, before the @.
  if (url.hostname === '' || `${url.pathname}${url.search}${url.hash}`.includes('@')) return undefined;
  url.hash = '';
  return url;
}

/** `URL.canParse` of Node 20 refuses letters such as ü once its caller is compiled. */
function readUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** TCP has no use for the rest of a URL: whoever wrote it expects something of it. */
function checkNothingBut(url: URL, shown: string): void {
  if (!['', '/'].includes(url.pathname) || url.search !== '') {
    throw new LockOptionsError(`${shown} is followed by a path or query, which a TCP port has no use for`);
  }
}

function notAnAddress(text: unknown, url?: URL): LockOptionsError {
  return new LockOptionsError(`not the address of a ThingsDB node: ${given(text, url)}; ${EXPECTED}`);
}

/** Of a text that cannot be read nothing is repeated but its scheme: a password may be anywhere behind that. */
function given(text: unknown, url?: URL): string {
  if (!text) return 'nothing is given (is an environment variable not set?)';
  if (typeof text !== 'string') return 'it is no text';
  const [scheme] = FAMILIAR_SCHEME.exec(text) ?? [];
  if (scheme === undefined) return 'no known scheme';
  return `${scheme.toLowerCase()}${url?.host ?? '...'}`;
}
