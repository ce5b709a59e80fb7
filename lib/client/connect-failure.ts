import { types } from 'node:util';
import { LockConnectionError } from '../errors.js';
import type { Address } from './address.js';

/** What the codes of Node's network and TLS errors mean to whoever set the address, and what to do. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host; check its name',
  EAI_AGAIN: 'the name of the host could not be looked up; is DNS reachable?',
  EHOSTUNREACH: 'there is no route to the host; check the address and the network',
  ENETUNREACH: 'there is no route to the network; check the address and the network',
  ETIMEDOUT: 'the host does not answer; check the address and the firewall',
  EPROTO: 'the port does not speak TLS as expected; use ws:// if the server has no certificate',
  CERT_HAS_EXPIRED: "the server's certificate has expired; renew it",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host; use the name it was made for",
};

const TCP_ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'nothing listens there; is ThingsDB running, and is this its TCP port (listen_client_port, 9200 by default)?',
  ECONNRESET:
    'something listens there and hangs up; is it the TCP port of a ThingsDB node (9200 by default)?',
};

const WEB_SOCKET_ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'nothing listens there; is ThingsDB running, with its WebSocket port switched on (ws_port, THINGSDB_WS_PORT)? ' +
    'its TCP port is reached by thingsdb://',
  ECONNRESET:
    'something listens there, but not for WebSockets: use the port set as ws_port, or thingsdb:// for the TCP port',
};

const UNKNOWN_ISSUER =
  "the server's certificate is not signed by a known authority; give that as tls: { ca }";

const UNKNOWN_ISSUER_CODES = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The error for a connection that could not be opened: names the address and says what to do. */
export function connectFailure(address: Address, cause: unknown): LockConnectionError {
  const { code, text } = firstReason(cause);
  const advice = UNKNOWN_ISSUER_CODES.has(code) ? UNKNOWN_ISSUER : adviceFor(address, code);
  return new LockConnectionError(`cannot connect to ${address.shown}: ${text}; ${advice}`, { cause });
}

/** The same for a port that answered with HTTP instead of opening a WebSocket. */
export function httpAnswerFailure(address: Address, status: number | undefined): LockConnectionError {
  return new LockConnectionError(
    `cannot connect to ${address.shown}: it answered with HTTP status ${status}, not with a WebSocket; ` +
      'use the port set as ws_port, not the HTTP one, and check any proxy in between',
    { cause: new Error(`HTTP status ${status}`) },
  );
}

/** The same for an address that did not answer in time. */
export function connectTimeoutFailure(address: Address, limitMs: number): LockConnectionError {
  const other =
    address.scheme === 'thingsdb:' ? '' : ', and that it is the WebSocket port (ws_port), not the TCP one';
  return new LockConnectionError(
    `cannot connect to ${address.shown}: no connection within ${limitMs} ms; check the address and the firewall${other}`,
    { cause: new Error(`no connection within ${limitMs} ms`) },
  );
}

function adviceFor({ scheme }: Address, code: string): string {
  // OpenSSL has a code for each way in which a handshake can go wrong. All mean the same to a user.
  if (code.startsWith('ERR_SSL')) return ADVICE['EPROTO'] as string;
  const own = scheme === 'thingsdb:' ? TCP_ADVICE : WEB_SOCKET_ADVICE;
  const port = scheme === 'thingsdb:' ? 'TCP port (9200 by default)' : 'WebSocket port (ws_port)';
  return own[code] ?? ADVICE[code] ?? `is it the ${port} of a ThingsDB node?`;
}

/** A host with several addresses fails with one error that holds one for each of them, and says nothing itself. */
function firstReason(cause: unknown): { code: string; text: string } {
  const several = (cause as Partial<AggregateError> | null)?.errors;
  const first: unknown = several?.[0] ?? cause;
  // Not instanceof: errors of Node's own modules are of another realm where a program runs in a vm context.
  if (!types.isNativeError(first)) return { code: '', text: String(first) };
  const code = (first as NodeJS.ErrnoException).code ?? '';
  return { code, text: first.message === '' ? code : first.message.trim() };
}

/** Why a connection is over that this side has ended. */
export function disconnected({ shown }: Address): LockConnectionError {
  return new LockConnectionError(`the connection to ${shown} was closed by disconnect()`);
}

/** Why a connection is over whose socket has closed. */
export function connectionLost(
  { shown }: Address,
  closed: string,
  cause: Error | undefined,
): LockConnectionError {
  const why = cause === undefined ? closed : `lost: ${cause.message}`;
  return new LockConnectionError(`the connection to ${shown} was ${why}`, cause && { cause });
}
